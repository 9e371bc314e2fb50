/* audit-prune: the retention of a directory archive. */
#include "config.h"

#include "base/interrupt.h"
#include "base/out.h"
#include "base/tool.h"
#include "file/prune.h"

#include <errno.h>
#include <unistd.h>

struct settings {
    struct prune prune;
    struct out out;
    int64_t keep; /* seconds; 0: not given */
    struct option_time now;
    bool summary;
};

static bool parse_keep(void *context, const char *value, struct reason *reason)
{
    struct settings *s = context;
    return (options_duration(value, &s->keep) && s->keep > 0) ||
           reason_set(reason, "not a duration; durations are like 1y, 90d or 12h");
}

/* Writes the paths before anything is removed, so that every removal is recorded. */
static bool announce(void *context, struct span paths)
{
    struct settings *s = context;
    return out_write(&s->out, paths) && out_flush(&s->out);
}

static void problem(void *context, const char *path, const char *why)
{
    struct printable shown;
    (void)context;
    diag_warn("%s: %s", diag_printable(span_of(path), &shown), why);
    diag_raise(STATUS_REJECTED);
}

static bool stop(void *context)
{
    (void)context;
    return interrupt_asked() != NULL;
}

static void summarize(const struct settings *s)
{
    const struct prune *p = &s->prune;
    diag_warn("%zu files and %zu directories %s, %zu files kept, %zu without a date, %zu failed, "
              "%zu left alone",
              p->removed, p->directories, p->dry_run ? "would be removed" : "removed", p->kept,
              p->undated, p->failed, p->left);
}

static struct settings settings = {
    .prune = {.announce = announce, .problem = problem, .stop = stop, .context = &settings},
};

static int run(char **operand, size_t operands)
{
    struct settings *s = &settings;
    struct reason reason;
    if (operands != 1)
        return options_usage(operands == 0 ? "the directory DIR is missing"
                                           : "more than one directory");
    if (s->keep == 0)
        return options_usage("no retention; give --keep=DURATION, like --keep=1y");
    s->prune.before = (s->now.given ? s->now.time : timestamp_now()).seconds - s->keep;
    if (!out_begin(&s->out, STDOUT_FILENO, "standard output")) {
        diag_fail("%s", strerror(ENOMEM));
        return diag_exit_status();
    }
    interrupt_begin();
    if (!prune_directory(&s->prune, operand[0], &reason))
        diag_fail("%s", reason.text);
    else if (interrupt_asked() != NULL)
        diag_fail("stopped by %s; run it again for the rest", interrupt_asked());
    if (s->summary || isatty(STDERR_FILENO) == 1)
        summarize(s);
    if (!out_close(&s->out))
        diag_fail("standard output: %s", strerror(s->out.error));
    return diag_exit_status();
}

static const struct option_line options[] = {
    {.name = "keep",
     .argument = "DURATION",
     .help = "remove the events of days that ended so long ago:\n1y (365 days), 90d",
     OPTION_CALL(parse_keep)},
    {.letter = 'n',
     .name = "dry-run",
     .help = "remove nothing, print what would be removed",
     OPTION_FLAG(struct settings, prune.dry_run)},
    {.name = "now",
     .argument = "TIME",
     .help = "count from TIME instead of the clock's",
     OPTION_TIME(struct settings, now)},
    {.name = "summary",
     .help = "say at the end how much was removed and kept\n(default on a terminal)",
     OPTION_FLAG(struct settings, summary)},
    {.name = NULL},
};

static const struct tool tool = {
    .name = "audit-prune",
    .operands = "--keep=DURATION [OPTION]... DIR",
    .summary = "Remove the events of a directory archive that are older than a retention, by the\n"
               "dates in their paths, and print the paths.",
    .options = {{options, &settings}},
    .run = run,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
