/* audit-drain: delivers the events in a spool to a command. */
#include "config.h"

#include "base/tool.h"
#include "spool/command.h"
#include "spool/drain.h"
#include "spool/status.h"

#include <errno.h>
#include <locale.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct job {
    struct drain_options drain;
    struct status_options status;
    bool show, retry;
};

static struct job job = {
    .drain = {.backoff = (int64_t)15 * 60 * 1000000,
              .keep = (int64_t)7 * 86400 * 1000000,
              .join = DRAIN_JOIN},
    .status = {.warn = -1},
};

static int show_status(char **directory, size_t count)
{
    struct out out;
    if (!out_begin(&out, STDOUT_FILENO, "standard output")) {
        diag_fail("%s", strerror(ENOMEM));
        return diag_exit_status();
    }
    if (!job.status.ndjson)
        setlocale(LC_CTYPE, "");
    status_report(&job.status, directory, count, &out);
    if (!out_close(&out))
        diag_fail("%s: %s", out.name, strerror(out.error));
    return diag_exit_status();
}

/* An operand that is a command, given without "--"; NULL: there is none. */
static const char *find_command(char **operand, size_t operands)
{
    struct stat is;
    for (size_t i = 1; i < operands; i++)
        if ((stat(operand[i], &is) != 0 || !S_ISDIR(is.st_mode)) && command_exists(operand[i]))
            return operand[i];
    return NULL;
}

static int run(char **operand, size_t operands)
{
    if (operands == 0)
        return options_usage("the directory DIR is missing");
    if (job.show && job.retry)
        return options_usage("--status and --retry-failed exclude each other");
    if ((job.show || job.retry) && job.drain.command != NULL)
        return options_usage("--%s runs no command", job.show ? "status" : "retry-failed");
    if (job.drain.command != NULL && job.drain.command[0] == NULL)
        return options_usage("the command after -- is missing");
    if (job.status.warn >= 0 && !job.show)
        return options_usage("--warn belongs to --status");
    const char *name = job.drain.command == NULL ? find_command(operand, operands) : NULL;
    if (name != NULL)
        return options_usage("%s: this is a command and not a directory; it comes after --", name);
    if (job.show)
        return show_status(operand, operands);
    if (job.retry)
        status_retry_failed(operand, operands);
    else
        drain_loop(&job.drain, operand, operands);
    return diag_exit_status();
}

static const char *const formats[] = {"table", "ndjson", NULL};

static bool parse_status(void *context, const char *argument, struct reason *reason)
{
    struct job *j = context;
    int format =
        argument == NULL ? !isatty(STDOUT_FILENO) : options_choice(argument, formats, reason);
    j->show = true;
    j->status.ndjson = format == 1;
    return format >= 0;
}

static bool parse_backoff(void *context, const char *argument, struct reason *reason)
{
    struct job *j = context;
    if (!options_interval(argument, &j->drain.backoff) || j->drain.backoff < 1000000 ||
        j->drain.backoff > BACKOFF_LONGEST)
        return reason_set(reason, "not a duration from 1s to 30d");
    return true;
}

static const struct option_line options[] = {
    {.letter = 'f',
     .name = "follow",
     .help = "do not end: wait for segments, and retry after failures",
     OPTION_FLAG(struct job, drain.follow)},
    {.name = "keep",
     .argument = "DURATION",
     .help = "move lines that could not be delivered for so long to DIR/failed (default 7d)",
     OPTION_INTERVAL(struct job, drain.keep, 0)},
    {.name = "backoff",
     .argument = "DURATION",
     .help = "with --follow: the longest wait between two attempts (default 15m)",
     OPTION_CALL(parse_backoff)},
    {.name = "join",
     .argument = "SIZE",
     .help = "give the command small segments together, up to SIZE (default 256MiB\n"
             "for a command that writes receipts, else 8MiB)",
     OPTION_SIZE(struct job, drain.join, 0)},
    {.letter = 'v',
     .name = "verbose",
     .help = "pass on the command's messages during an outage, too",
     OPTION_FLAG(struct job, drain.verbose)},
    {.name = "status",
     .argument = "[=FORMAT]",
     .help = "print the waiting events, their age and failures; the default is\n"
             "a table on a terminal, else one JSON object a directory",
     .values = formats,
     OPTION_CALL(parse_status)},
    {.name = "warn",
     .argument = "DURATION",
     .help = "with --status: status 1 if an event has waited for longer",
     OPTION_INTERVAL(struct job, status.warn, 0)},
    {.name = "retry-failed",
     .help = "put the lines in DIR/failed back into the queue",
     OPTION_FLAG(struct job, retry)},
    {.name = NULL},
};

static const struct tool tool = {
    .name = "audit-drain",
    .operands = "[OPTION]... DIR... [-- COMMAND [ARG]...]",
    .summary = "Give each segment of the spools to COMMAND, or DIR/deliver, until it is delivered.",
    .options = {{options, &job}},
    .command = &job.drain.command,
    .is_command = command_exists,
    .run = run,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
