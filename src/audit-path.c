/* audit-path: gives each event the path of its file. */
#include "config.h"

#include "filter/filter.h"
#include "filter/layout.h"

#include <getopt.h>

enum { OPTION_NAME_DATE = 256, OPTION_PRINT };

static const struct option_line own_options[] = {
    {'l', "layout", "NAME|PATTERN",
     "current (default), legacy, hive, or a pattern like\n"
     "'{user_id}/{year}/{digest}.json'; see audit-path(1)"},
    {OPTION_NAME_DATE, "name-date", NULL, "put the date alone into file names, without the time"},
    {'u', "user-id", "ID", "the user id of records that carry none"},
    {'z', "timezone", "ZONE",
     "take days and hours in this zone: UTC (default),\n"
     "record (as the event has it), or Area/City"},
    {OPTION_PRINT, "print", NULL, "write only the paths, one a line"},
    {0, NULL, NULL, NULL},
};

static const struct program program = {
    .name = "audit-path",
    .operands = "[OPTION]... [FILE]...",
    .summary = "Give each audit event the path of its file, as audit log streaming does:\n"
               "{\"path\":\"USER/jobs/RECIPE/DATE/JOB/NAME.json\",\"event\":EVENT}.",
    .line = own_options,
    .more = filter_options,
};

struct addressing {
    struct layout layout;
    bool print;
    struct json json;
    char path[LAYOUT_PATH];
};

static enum verdict address(void *context, struct span record, struct edit *edit,
                            struct reason *reason)
{
    struct addressing *a = context;
    struct event event;
    size_t len;
    if (!event_read_record(&a->json, record, layout_fields, NULL, NULL, &event, reason) ||
        !layout_path(&a->layout, &event, a->path, &len, reason))
        return VERDICT_REJECT;
    struct span path = {a->path, len};
    if (a->print) {
        edit_add(edit, path);
        return VERDICT_EDIT;
    }
    edit_add(edit, SPAN("{\"path\":\""));
    edit_add_encoded(edit, path);
    edit_add(edit, SPAN("\",\"event\":"));
    edit_add(edit, event.text);
    edit_add(edit, SPAN("}"));
    return VERDICT_EDIT;
}

/* False after a usage error. */
static bool read_zone(struct layout *layout, const char *zone)
{
    layout->zone = ZONE_UTC;
    if (strcmp(zone, "UTC") == 0)
        return true;
    layout->zone = ZONE_RECORD;
    if (strcmp(zone, "record") == 0)
        return true;
    layout->zone = ZONE_SET;
    if (timestamp_zone_set(zone))
        return true;
    options_usage("--timezone=%s: not record, UTC, or a zone that this system knows, like "
                  "Europe/Berlin",
                  zone);
    return false;
}

/* False: the program ends, with diag_exit_status(). */
static bool read_options(struct addressing *a, struct filter *filter, int argc, char **argv)
{
    const char *value, *layout = "current";
    bool name_date = false;
    struct reason reason;
    struct printable shown;
    int id;
    while ((id = options_next(&program, argc, argv, &value)) != OPTIONS_END) {
        switch (id) {
        case 'l':
            layout = value;
            break;
        case OPTION_NAME_DATE:
            name_date = true;
            break;
        case 'u':
            a->layout.user_id = span_of(value);
            if (layout_is_component(a->layout.user_id))
                break;
            options_usage("--user-id=%s: an id has letters, digits, '.', '_' and '-', a letter or "
                          "digit first",
                          value);
            return false;
        case 'z':
            if (!read_zone(&a->layout, value))
                return false;
            break;
        case OPTION_PRINT:
            a->print = true;
            break;
        default:
            if (!filter_option(filter, id, value))
                return false;
        }
    }
    if (layout_parse(&a->layout, layout, name_date, &reason))
        return true;
    options_usage("--layout=%s: %s", diag_printable(span_of(layout), &shown), reason.text);
    return false;
}

int main(int argc, char **argv)
{
    static struct filter filter;
    static struct addressing addressing;
    filter_init(&filter, program.name);
    if (!read_options(&addressing, &filter, argc, argv))
        return diag_exit_status();
    if (filter_begin(&filter, argv + optind, (size_t)(argc - optind)))
        filter_lines(&filter, address, &addressing);
    return filter_end(&filter);
}
