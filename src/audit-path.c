/* audit-path: gives each event the path of its file. */
#include "config.h"

#include "base/tool.h"
#include "filter/addressing.h"
#include "filter/filter.h"

struct settings {
    struct addressing addressing;
    const char *layout; /* --layout */
    bool name_date;
};

static bool parse_zone(void *context, const char *zone, struct reason *reason)
{
    struct settings *settings = context;
    return zone_parse(zone, &settings->addressing.layout.zone, reason);
}

static bool parse_user_id(void *context, const char *id, struct reason *reason)
{
    struct layout *layout = &((struct settings *)context)->addressing.layout;
    layout->user_id = span_of(id);
    return layout_is_component(layout->user_id) ||
           reason_set(reason, "an id has letters, digits, '.', '_' and '-', and begins with a "
                              "letter or digit");
}

static struct filter filter = FILTER;
static struct parallel parallel;
static struct settings settings = {.layout = "current"};

static int run(char **operand, size_t operands)
{
    struct reason reason;
    struct printable shown;
    struct addressing *addressing = &settings.addressing;
    if (!layout_parse(&addressing->layout, settings.layout, settings.name_date, &reason))
        return options_usage("--layout=%s: %s", diag_printable(span_of(settings.layout), &shown),
                             reason.text);
    if (filter_begin(&filter, operand, operands))
        parallel_lines(&parallel, &filter, &addressing_work, addressing);
    return filter_end(&filter);
}

static const struct option_line options[] = {
    {.letter = 'l',
     .name = "layout",
     .argument = "NAME|PATTERN",
     .help = "current (default), legacy, hive, or a pattern like\n"
             "'{user_id}/{year}/{digest}.json'; see audit-path(1)",
     OPTION_TEXT(struct settings, layout)},
    {.name = "name-date",
     .help = "put the date alone into file names, without the time",
     OPTION_FLAG(struct settings, name_date)},
    {.letter = 'u',
     .name = "user-id",
     .argument = "ID",
     .help = "the user id of records that carry none",
     OPTION_CALL(parse_user_id)},
    {.letter = 'z',
     .name = "timezone",
     .argument = "ZONE",
     .help = "take days and hours in this zone: UTC (default),\n"
             "record (the event's own offset), or Area/City",
     OPTION_CALL(parse_zone)},
    {.name = "print",
     .help = "write only the paths, one a line",
     OPTION_FLAG(struct settings, addressing.print)},
    {.name = NULL},
};

static const struct tool tool = {
    .name = "audit-path",
    .operands = "[OPTION]... [FILE]...",
    .summary = "Give each audit event the path of its file, as audit log streaming does:\n"
               "{\"path\":\"USER/jobs/RECIPE/DATE/JOB/NAME.json\",\"event\":EVENT}.",
    .options = {{options, &settings}, {parallel_options, &parallel}, {filter_options, &filter}},
    .run = run,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
