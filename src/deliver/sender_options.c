#include "config.h"

#include "deliver/sender.h"

const struct option_line sender_options[] = {
    {.name = "parallel",
     .argument = "N",
     .help = "requests at once (default 8); 1 keeps the order",
     OPTION_COUNT(struct sender_options, parallel, 1, 1000)},
    {.name = "retry-for",
     .argument = "DURATION",
     .help = "try an event again for so long (default 5m)",
     OPTION_INTERVAL(struct sender_options, retry_for, 0)},
    {.name = "timeout",
     .argument = "DURATION",
     .help = "give one attempt up after this (default 1m)",
     OPTION_INTERVAL(struct sender_options, timeout, 1000)},
    {.name = "drain",
     .argument = "DURATION",
     .help = "on a signal, wait this long for requests in flight\n(default 30s)",
     OPTION_INTERVAL(struct sender_options, drain, 0)},
    {.name = "cacert",
     .argument = "FILE",
     .help = "trust the certificate authorities in FILE",
     OPTION_TEXT(struct sender_options, cacert)},
    {.name = "dry-run",
     .help = "write the requests to standard output, send none",
     OPTION_FLAG(struct sender_options, dry_run)},
    {.name = NULL},
};
