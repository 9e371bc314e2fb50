/* audit-s3get: reads the objects of an S3 bucket back, as addressed events. */
#include "config.h"

#include "base/clock.h"
#include "base/tool.h"
#include "s3/s3_get.h"

#include <unistd.h>

struct settings {
    struct s3_get_options get;
    size_t window;
    struct option_time since, until;
    struct skip skip;
    size_t torn; /* lines of receipt files that are not receipts */
    bool lines, paths, list, dry_run, progress, no_progress, summary, no_summary;
};

static struct filter filter = FILTER;
static struct settings settings = {
    .get =
        {
            .prefix = "",
            .suffix = "",
            .timeout = 60 * CLOCK_SECOND,
            .fetch = {.parallel = 32, .window = (size_t)64 << 20, .retry_for = 300 * CLOCK_SECOND},
        },
};

static bool parse_zone(void *context, const char *zone, struct reason *reason)
{
    struct settings *s = context;
    s->get.any_zone = strcmp(zone, "UTC") != 0;
    return !s->get.any_zone || strcmp(zone, "record") == 0 || timestamp_zone_set(zone) ||
           reason_set(reason, "not record, UTC, or a zone that this system knows, like "
                              "Europe/Berlin");
}

static bool parse_skip(void *context, const char *file, struct reason *reason)
{
    struct settings *s = context;
    s->get.skip = &s->skip;
    return skip_read(&s->skip, file, &s->torn, reason);
}

/* False after a usage error. */
static bool check(const struct settings *s)
{
    if (s->get.store.bucket == NULL)
        options_usage("no bucket; give --bucket");
    else if (s->lines + s->paths + s->list + s->dry_run > 1)
        options_usage("--lines, --print, --list and --dry-run exclude each other");
    else if (strlen(s->get.prefix) > S3_KEY_MAX)
        options_usage("--prefix: longer than %d bytes, the length of the longest possible key",
                      S3_KEY_MAX);
    else if (s->get.after != NULL && strlen(s->get.prefix) + strlen(s->get.after) > S3_KEY_MAX)
        options_usage("--after: longer than %d bytes, the length of the longest possible key",
                      S3_KEY_MAX);
    else if (s->since.given && s->until.given &&
             !timestamp_is_before(&s->since.time, &s->until.time))
        options_usage("--since is not before --until: nothing is between them");
    else if (s->lines && s->get.skip != NULL)
        options_usage(
            "--skip and --lines: receipts tell objects apart by their paths, not the lines "
            "in one");
    else
        return true;
    return false;
}

static int run(char **operand, size_t operands)
{
    static struct s3_get get;
    struct s3_get_options *options = &settings.get;
    if (operands > 0)
        return options_usage("%s: audit-s3get takes no files", operand[0]);
    if (!check(&settings))
        return diag_exit_status();
    options->has_since = settings.since.given;
    options->since = settings.since.time;
    options->has_until = settings.until.given;
    options->until = settings.until.time;
    options->form = settings.lines     ? S3_GET_LINES
                    : settings.paths   ? S3_GET_PATHS
                    : settings.list    ? S3_GET_LIST
                    : settings.dry_run ? S3_GET_COUNT
                                       : S3_GET_EVENTS;
    options->fetch.only_listing = options->form >= S3_GET_PATHS;
    options->fetch.largest = filter.max_record;
    options->progress = settings.progress || (isatty(STDERR_FILENO) == 1 && !settings.no_progress);
    options->counts = filter.flood.all || settings.dry_run;
    options->summary = settings.summary || settings.dry_run ||
                       (isatty(STDERR_FILENO) == 1 && !settings.no_summary);
    if (settings.torn > 0)
        diag_warn("--skip: %zu lines that are not receipts, or torn, were ignored", settings.torn);
    if (filter_begin(&filter, operand, 0))
        s3_get_run(&get, options, &filter);
    skip_free(&settings.skip);
    return filter_end(&filter);
}

static const struct option_line options[] = {
    {.name = "prefix",
     .argument = "TEXT",
     .help = "read the keys that begin with TEXT, and remove it",
     OPTION_TEXT(struct settings, get.prefix)},
    {.name = "suffix",
     .argument = "TEXT",
     .help = "remove TEXT from the end of keys that have it",
     OPTION_TEXT(struct settings, get.suffix)},
    {.name = "since",
     .argument = "TIME",
     .help = "read the events from TIME on: RFC 3339, a date, or a\n"
             "duration ago, like 7d",
     OPTION_TIME(struct settings, since)},
    {.name = "until",
     .argument = "TIME",
     .help = "read the events before TIME",
     OPTION_TIME(struct settings, until)},
    {.name = "timezone",
     .argument = "ZONE",
     .help = "the zone of the days in keys: UTC (default), record,\nor a name like Europe/Berlin",
     OPTION_CALL(parse_zone)},
    {.name = "after",
     .argument = "PATH",
     .help = "read only objects after PATH, to continue a run",
     OPTION_TEXT(struct settings, get.after)},
    {.name = "skip",
     .argument = "RECEIPTS",
     .help = "skip the paths that these receipts call delivered",
     OPTION_CALL(parse_skip)},
    {.name = "unordered",
     .help = "write objects as they come, not in the order of keys",
     OPTION_FLAG(struct settings, get.fetch.unordered)},
    {.name = "lines",
     .help = "each line of an object is an event",
     OPTION_FLAG(struct settings, lines)},
    {.name = "print", .help = "write only the paths", OPTION_FLAG(struct settings, paths)},
    {.name = "list",
     .help = "write path, size, time and ETag as the store lists them",
     OPTION_FLAG(struct settings, list)},
    {.name = "parallel",
     .argument = "N",
     .help = "requests at once (default 32)",
     OPTION_COUNT(struct settings, get.fetch.parallel, 1, 1000)},
    {.name = "window",
     .argument = "SIZE",
     .help = "bytes of objects that are read ahead (default 64MiB)",
     OPTION_SIZE(struct settings, get.fetch.window, 1)},
    {.name = "retry-for",
     .argument = "DURATION",
     .help = "try an object again for so long (default 5m)",
     OPTION_INTERVAL(struct settings, get.fetch.retry_for, 0)},
    {.name = "timeout",
     .argument = "DURATION",
     .help = "give one attempt up after this (default 1m)",
     OPTION_INTERVAL(struct settings, get.timeout, 1000)},
    {.name = "cacert",
     .argument = "FILE",
     .help = "trust the certificate authorities in FILE",
     OPTION_TEXT(struct settings, get.cacert)},
    {.name = "progress",
     .help = "draw a progress line (default on a terminal)",
     OPTION_FLAG(struct settings, progress)},
    {.name = "no-progress", .help = "draw none", OPTION_FLAG(struct settings, no_progress)},
    {.name = "summary",
     .help = "say at the end how much was read (default on a terminal)",
     OPTION_FLAG(struct settings, summary)},
    {.name = "no-summary", .help = "say nothing", OPTION_FLAG(struct settings, no_summary)},
    {.name = "dry-run",
     .help = "only list, and print what would be read",
     OPTION_FLAG(struct settings, dry_run)},
    {.name = NULL},
};

static const struct option_line filter_part[] = {
    {.name = "rejects",
     .argument = "FILE",
     .help = "append path and reason of unreadable objects to FILE",
     OPTION_TEXT(struct filter, rejects_file)},
    {.name = "fail-fast",
     .help = "stop at the first object that cannot be read",
     OPTION_FLAG(struct filter, fail_fast)},
    {.name = "max-record",
     .argument = "SIZE",
     .help = "reject objects larger than SIZE (default 256MiB)",
     OPTION_SIZE(struct filter, max_record, 1)},
    {.name = "verbose",
     .help = "report every reject, and count the requests",
     OPTION_FLAG(struct filter, flood.all)},
    {.name = NULL},
};

static const struct tool tool = {
    .name = "audit-s3get",
    .operands = "--bucket=NAME [OPTION]...",
    .summary = "Read the objects of an S3 bucket back, as addressed events in the order of keys.",
    .options = {{s3_store_options, &settings.get.store},
                {options, &settings},
                {filter_part, &filter}},
    .run = run,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
