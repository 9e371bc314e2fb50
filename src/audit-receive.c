/* audit-receive: the HTTP destination to which audit log streaming sends its events. */
#include "config.h"

#include "base/tool.h"
#include "receive/service.h"

#include <limits.h>
#include <stdlib.h>

static struct service service;
static const char *how = "none"; /* --auth */

static int run(char **operand, size_t operands)
{
    const struct server *server = &service.server;
    bool auth = service.receiver.auth.kind != AUTH_CHECK_NONE;
    bool credentials = service.credential_files > 0 || getenv(SERVICE_CREDENTIAL_VARIABLE) != NULL;
    if (operands > 1)
        return options_usage("more than one directory");
    if (service.listens == 0 && getenv("LISTEN_FDS") == NULL)
        return options_usage("--listen=[HOST:]PORT is missing");
    if (auth && !credentials)
        return options_usage(
            "--auth=%s needs --credential-file=FILE or $" SERVICE_CREDENTIAL_VARIABLE, how);
    if (credentials && !auth)
        return options_usage("there is a credential, but --auth does not say how it is sent");
    if ((server->certificate_file == NULL) != (server->key_file == NULL))
        return options_usage("--cert and --key need each other");
    if (server->authorities_file != NULL && server->certificate_file == NULL)
        return options_usage("--client-ca needs --cert and --key");
    if (operands == 0 && service.store.max_size > 0)
        return options_usage("--max-size is for a directory");
    service.store.directory = operands > 0 ? operand[0] : NULL;
    service_run(&service);
    return diag_exit_status();
}

static bool parse_listen(void *context, const char *value, struct reason *reason)
{
    (void)context;
    if (service.listens == LISTEN_MAX)
        return reason_set(reason, "at most %d may be given", LISTEN_MAX);
    service.listen[service.listens++] = value;
    return true;
}

static bool parse_path(void *context, const char *value, struct reason *reason)
{
    (void)context;
    if (value[0] != '/')
        return reason_set(reason, "a path begins with '/'");
    if (service.receiver.paths == RECEIVER_PATHS)
        return reason_set(reason, "at most %d may be given", RECEIVER_PATHS);
    service.receiver.path[service.receiver.paths++] = value;
    return true;
}

static bool parse_auth(void *context, const char *value, struct reason *reason)
{
    (void)context;
    how = value;
    return auth_check_parse(value, &service.receiver.auth) ||
           reason_set(reason, "not none, basic, bearer, header:NAME or query:NAME");
}

static bool parse_credential_file(void *context, const char *value, struct reason *reason)
{
    (void)context;
    if (service.credential_files == SERVICE_CREDENTIAL_FILES)
        return reason_set(reason, "at most %d may be given", SERVICE_CREDENTIAL_FILES);
    service.credential_file[service.credential_files++] = value;
    return true;
}

static const char *const form_names[] = {"auto", "json", "bulk", "loki", NULL};
static const char *const sync_names[] = {"group", "each", "none", NULL};

static const struct option_line options[] = {
    {.letter = 'l',
     .name = "listen",
     .argument = "ADDRESS",
     .help = "listen here: PORT (of 127.0.0.1), HOST:PORT, *:PORT for\n"
             "all addresses, or unix:PATH",
     OPTION_CALL(parse_listen)},
    {.name = "path",
     .argument = "PATH",
     .help = "accept events at this path of the URL (default /)",
     OPTION_CALL(parse_path)},
    {.name = "body",
     .argument = "FORM",
     .help = "the form of bodies (default auto: detect it)",
     OPTION_CHOICE(struct service, receiver.form, form_names)},
    {.name = "auth",
     .argument = "HOW",
     .help = "how senders prove who they are: none (default), basic,\n"
             "bearer, header:NAME or query:NAME",
     OPTION_CALL(parse_auth)},
    {.name = "credential-file",
     .argument = "FILE",
     .help = "the credentials that are valid, one a line; without\n"
             "one, $" SERVICE_CREDENTIAL_VARIABLE,
     .exact = true,
     OPTION_CALL(parse_credential_file)},
    {.name = "cert",
     .argument = "FILE",
     .help = "speak TLS with this certificate and its chain (PEM)",
     OPTION_TEXT(struct service, server.certificate_file)},
    {.name = "key",
     .argument = "FILE",
     .help = "the certificate's private key (PEM)",
     OPTION_TEXT(struct service, server.key_file)},
    {.name = "client-ca",
     .argument = "FILE",
     .help = "accept requests only from clients whose certificate one\n"
             "of these authorities (PEM) has signed",
     OPTION_TEXT(struct service, server.authorities_file)},
    {.name = "sync",
     .argument = "WHEN",
     .help = "sync for many requests at once (default), for each\n"
             "request, or not at all",
     OPTION_CHOICE(struct service, sync, sync_names)},
    {.name = "commit-wait",
     .argument = "DURATION",
     .help = "how long a request waits at most for others to share\n"
             "a sync with (default 5ms)",
     OPTION_INTERVAL(struct service, receiver.commit.wait, 0)},
    {.name = "segment-size",
     .argument = "SIZE",
     .help = "pass a segment on when it is this large (default 8MiB)",
     OPTION_SIZE(struct service, store.segment_size, 1)},
    {.name = "segment-time",
     .argument = "DURATION",
     .help = "or this old (default 1s)",
     OPTION_INTERVAL(struct service, store.segment_time, 0)},
    {.name = "max-size",
     .argument = "SIZE",
     .help = "respond with 503 while DIR has this size (default: no limit)",
     OPTION_SIZE(struct service, store.max_size, 1)},
    {.name = "max-body",
     .argument = "SIZE",
     .help = "respond with 413 to a larger body, decompressed (default 50MB)",
     OPTION_SIZE(struct service, receiver.max_body, 1)},
    {.name = "max-header",
     .argument = "SIZE",
     .help = "respond with 431 to a larger header (default 16KiB)",
     OPTION_SIZE(struct service, receiver.max_header, 1024)},
    {.name = "max-memory",
     .argument = "SIZE",
     .help = "respond with 503 to bodies that do not fit into this, all\n"
             "together (default 256MiB)",
     OPTION_SIZE(struct service, max_memory, 1)},
    {.name = "max-rate",
     .argument = "NUMBER",
     .help = "respond with 429 to more requests a second (default: no limit)",
     OPTION_COUNT(struct service, max_rate, 1, 1000000000)},
    {.name = "max-connections",
     .argument = "NUMBER",
     .help = "connections at once (default 4096)",
     OPTION_COUNT(struct service, server.max_connections, 1, 1000000)},
    {.name = "max-per-address",
     .argument = "NUMBER",
     .help = "connections from one address at once, 0 for no limit\n"
             "(default 128, and no limit where only this machine connects)",
     OPTION_COUNT(struct service, server.max_per_address, 0, 1000000)},
    {.name = "timeout",
     .argument = "DURATION",
     .help = "how long a header may take; a body gets as long again\n"
             "and a second for each 4 KiB (default 1m)",
     OPTION_INTERVAL(struct service, server.timeout, 1000000)},
    {.name = "threads",
     .argument = "NUMBER",
     .help = "threads for each socket (default: processors, at most 4)",
     OPTION_COUNT(struct service, server.threads, 1, 64)},
    {.name = "drain",
     .argument = "DURATION",
     .help = "after SIGTERM, how long requests may still take\n(default 30s)",
     OPTION_INTERVAL(struct service, drain, 0)},
    {.name = "rejects",
     .argument = "FILE",
     .help = "append the bodies of requests that get a 400",
     OPTION_TEXT(struct service, receiver.journal.rejects_file)},
    {.name = "receipts",
     .argument = "FILE",
     .help = "append the outcome of each request",
     OPTION_TEXT(struct service, receiver.journal.receipts_file)},
    {.letter = 'v',
     .name = "verbose",
     .help = "a line for each request on standard error",
     OPTION_FLAG(struct service, receiver.journal.verbose)},
    {.name = NULL},
};

static const struct tool tool = {
    .name = "audit-receive",
    .operands = "[OPTION]... [DIR]",
    .summary = "Receive events by HTTP, and keep each in the spool directory DIR before it is\n"
               "acknowledged; without DIR, write them to standard output.",
    .options = {{options, &service}},
    .run = run,
};

int main(int argc, char **argv)
{
    service_init(&service);
    return tool_main(&tool, argc, argv);
}
