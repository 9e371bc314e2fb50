/* audit-report: the activity page as one HTML file. */
#include "config.h"

#include "base/tool.h"
#include "filter/filter.h"
#include "report/report.h"
#include "report/report_html.h"
#include "report/report_json.h"
#include "report/report_text.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct settings {
    struct report report;
    struct catalogue catalogue;
    struct json json;
    size_t rows;
    uint64_t inner; /* report_inner() */
    struct option_time now;
    bool as_json, as_text;
};

static bool parse_zone(void *context, const char *zone, struct reason *reason)
{
    struct settings *s = context;
    s->report.zone_name = zone;
    return zone_parse_fixed(zone, &s->report.zone, reason);
}

/* A transform that drops each event after adding it to the report. */
static enum verdict add_event(void *context, struct span record, struct edit *edit,
                              struct reason *reason)
{
    struct settings *s = context;
    struct event event;
    (void)edit;
    bool added = event_read_record(&s->json, record, s->inner, NULL, NULL, &event, reason);
    if (added && event.kind == EVENT_UNKNOWN)
        added = reason_set(reason, EVENT_UNKNOWN_REASON);
    added = added && report_event(&s->report, &event, reason);
    s->report.not_events += !added;
    return added ? VERDICT_DROP : VERDICT_REJECT;
}

/* The width of the terminal, else $COLUMNS, else 80. */
static unsigned terminal_columns(void)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    unsigned long number = columns != NULL ? strtoul(columns, NULL, 10) : 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        number = size.ws_col;
    return number >= 20 && number <= 1000 ? (unsigned)number : 80;
}

/* If there is no event and input could not be read, there is nothing to show. */
static void write_report(struct settings *s, struct filter *filter)
{
    s->report.incomplete = diag_exit_status() == STATUS_FAILED;
    if (s->report.incomplete && s->report.events == 0)
        return;
    bool written = s->as_json   ? report_json(&s->report, &filter->out)
                   : s->as_text ? report_text(&s->report, terminal_columns(), &filter->out)
                                : report_html(&s->report, &filter->out);
    if (!written)
        diag_fail("%s", strerror(ENOMEM));
}

static struct filter filter = FILTER;
static struct settings settings = {
    .report = {.title = "Audit events", .zone = ZONE_UTC, .zone_name = "UTC"},
    .rows = 5000,
};

static int run(char **operand, size_t operands)
{
    struct settings *s = &settings;
    if (s->as_json && s->as_text)
        return options_usage("--json and --text exclude each other");
    if (s->as_text)
        setlocale(LC_CTYPE, "");
    s->report.now = s->now.given ? s->now.time : timestamp_now();
    s->report.input = operand;
    s->report.inputs = operands;
    if (!catalogue_read(&s->catalogue)) {
        diag_fail("%s", strerror(ENOMEM));
        return diag_exit_status();
    }
    s->report.catalogue = &s->catalogue;
    report_begin(&s->report, s->rows);
    s->inner = report_inner();
    if (filter_begin(&filter, operand, operands)) {
        filter_lines(&filter, add_event, s);
        report_finish(&s->report);
        write_report(s, &filter);
    }
    report_free(&s->report);
    catalogue_free(&s->catalogue);
    return filter_end(&filter);
}

static const struct option_line options[] = {
    {.name = "title",
     .argument = "TEXT",
     .help = "the heading of the page",
     OPTION_TEXT(struct settings, report.title)},
    {.name = "rows",
     .argument = "N",
     .help = "list the newest N activities (default 5000)",
     OPTION_COUNT(struct settings, rows, 0, 1000000)},
    {.letter = 'z',
     .name = "timezone",
     .argument = "ZONE",
     .help = "show times in this zone: UTC (default) or Area/City",
     OPTION_CALL(parse_zone)},
    {.name = "json",
     .help = "write the numbers behind the page as JSON",
     OPTION_FLAG(struct settings, as_json)},
    {.name = "text",
     .help = "write a report for the terminal",
     OPTION_FLAG(struct settings, as_text)},
    {.name = "now",
     .argument = "TIME",
     .help = "the time that the page says it was made at",
     OPTION_TIME(struct settings, now)},
    {.name = NULL},
};

static const struct tool tool = {
    .name = "audit-report",
    .operands = "[OPTION]... [FILE]... >PAGE.html",
    .summary = "Make one HTML page of audit events: who did what to which asset, when; which jobs\n"
               "failed; and what to check first.",
    .options = {{options, &settings}, {filter_options, &filter}},
    .run = run,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
