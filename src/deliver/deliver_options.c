#include "config.h"

#include "deliver/deliver.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    OPTION_PARALLEL = 256 + 900,
    OPTION_RETRY_FOR,
    OPTION_TIMEOUT,
    OPTION_DRAIN,
    OPTION_TEE,
    OPTION_RECEIPTS,
    OPTION_CACERT,
    OPTION_PROGRESS,
    OPTION_NO_PROGRESS,
    OPTION_DRY_RUN,
};

const struct option_line deliver_options[] = {
    {OPTION_PARALLEL, "parallel", "N", "requests at once (default 8); 1 keeps the order"},
    {OPTION_RETRY_FOR, "retry-for", "DURATION", "try an event again for so long (default 5m)"},
    {OPTION_TIMEOUT, "timeout", "DURATION", "give one attempt up after this (default 1m)"},
    {OPTION_DRAIN, "drain", "DURATION",
     "on SIGINT or SIGTERM wait so long for what is\nin flight (default 30s)"},
    {OPTION_TEE, "tee", NULL, "write each delivered line to standard output,\nin input order"},
    {OPTION_RECEIPTS, "receipts", "FILE", "append what became of each line to FILE"},
    {OPTION_CACERT, "cacert", "FILE", "trust the certificate authorities in FILE"},
    {OPTION_PROGRESS, "progress", NULL, "draw a progress line (default on a terminal)"},
    {OPTION_NO_PROGRESS, "no-progress", NULL, "draw none"},
    {OPTION_DRY_RUN, "dry-run", NULL, "write the requests to standard output, send none"},
    {0, NULL, NULL, NULL},
};

void deliver_options_init(struct deliver_options *options)
{
    *options = (struct deliver_options){
        .parallel = 8,
        .retry_for = 300 * RETRY_SECOND,
        .timeout = 60 * RETRY_SECOND,
        .drain = 30 * RETRY_SECOND,
        .progress = isatty(STDERR_FILENO) == 1,
    };
}

bool deliver_interval(const char *name, const char *value, int64_t least, int64_t *interval)
{
    if (options_interval(value, interval) && *interval >= least)
        return true;
    options_usage("--%s=%s: not a duration; durations are like 30s, 5m or 250ms", name, value);
    return false;
}

static bool take_parallel(const char *value, size_t *parallel)
{
    enum { MOST = 1000 };
    char *end;
    unsigned long number = strtoul(value, &end, 10);
    *parallel = number;
    if (value[0] >= '0' && value[0] <= '9' && *end == '\0' && number >= 1 && number <= MOST)
        return true;
    options_usage("--parallel=%s: not a number from 1 to %d", value, MOST);
    return false;
}

bool deliver_option(struct deliver_options *options, struct filter *filter, int id,
                    const char *value)
{
    switch (id) {
    case OPTION_PARALLEL:
        return take_parallel(value, &options->parallel);
    case OPTION_RETRY_FOR:
        return deliver_interval("retry-for", value, 0, &options->retry_for);
    case OPTION_TIMEOUT:
        return deliver_interval("timeout", value, 1000, &options->timeout);
    case OPTION_DRAIN:
        return deliver_interval("drain", value, 0, &options->drain);
    case OPTION_TEE:
        options->tee = true;
        return true;
    case OPTION_RECEIPTS:
        options->receipts_file = value;
        return true;
    case OPTION_CACERT:
        options->cacert = value;
        return true;
    case OPTION_PROGRESS:
        options->progress = true;
        return true;
    case OPTION_NO_PROGRESS:
        options->progress = false;
        return true;
    case OPTION_DRY_RUN:
        options->dry_run = true;
        return true;
    default:
        return filter_option(filter, id, value);
    }
}
