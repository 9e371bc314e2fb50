/* audit-truncate: leaves the lines out of an event that is larger than the limit. */
#include "config.h"

#include "event/event.h"
#include "filter/filter.h"
#include "json/json_string.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

enum { OPTION_TEXT = 256 };

static const struct option_line own_options[] = {
    {'l', "limit", "SIZE", "the size of the largest event (default 40MB)"},
    {OPTION_TEXT, "text", "TEXT",
     "what stands in place of the lines\n"
     "(default \"Log lines exceed size limit\")"},
    {0, NULL, NULL, NULL},
};

static const struct program program = {
    .name = "audit-truncate",
    .operands = "[OPTION]... [FILE]...",
    .summary = "In audit events larger than a limit, put a short text in place of the lines.\n"
               "Events that fit pass through untouched.",
    .line = own_options,
    .more = filter_options,
};

struct truncation {
    size_t limit;       /* bytes of the largest event */
    struct span string; /* what stands in place of the lines, a JSON string */
    struct json json;
    struct edit *edit; /* of the record at hand, and how far it is written */
    const char *done;
    size_t gone; /* bytes of the lines' values */
    size_t times;
    char *made; /* the string of --text */
};

/* An event_visitor: replaces the value of `lines`. */
static bool visit(void *context, struct json *json, const struct json_key *key,
                  enum event_field field, struct json_value *value)
{
    struct truncation *t = context;
    (void)key;
    if (field != FIELD_LINES)
        return false;
    if (!json_value(json, value))
        return true;
    edit_add(t->edit, span_between(t->done, value->text.at));
    edit_add(t->edit, t->string);
    t->done = span_end(value->text);
    t->gone += value->text.len;
    t->times++;
    return true;
}

static enum verdict truncate_event(void *context, struct span record, struct edit *edit,
                                   struct reason *reason)
{
    struct truncation *t = context;
    struct event event;
    t->edit = edit;
    t->done = record.at;
    t->gone = t->times = 0;
    if (!event_read_record(&t->json, record, 0, visit, t, &event, reason))
        return VERDICT_REJECT;
    if (event.text.len <= t->limit)
        return VERDICT_PASS;
    size_t left = event.text.len - t->gone + t->times * t->string.len;
    if (t->times == 0)
        reason_set(reason, "the event has %zu bytes, more than %zu, and no lines to leave out",
                   event.text.len, t->limit);
    else if (left > t->limit)
        reason_set(reason, "the event has %zu bytes without its lines, still more than %zu", left,
                   t->limit);
    if (left > t->limit)
        return VERDICT_REJECT;
    edit_add(edit, span_between(t->done, span_end(record)));
    return VERDICT_EDIT;
}

/* Makes a JSON string of the text.  False after a usage error. */
static bool set_text(struct truncation *t, const char *text)
{
    enum { ESCAPE = 6 }; /* bytes of the longest */
    struct span rest = span_of(text);
    size_t size = ESCAPE * (rest.len + 1) + 2;
    char *string = realloc(t->made, size);
    if (string == NULL) {
        diag_fail("%s", strerror(ENOMEM));
        return false;
    }
    t->made = string;
    string[0] = '"';
    size_t len = 1 + json_string_encode(&rest, string + 1, size - 2);
    string[len++] = '"';
    t->string = (struct span){string, len};
    json_begin(&t->json, string, len);
    if (json_value(&t->json, NULL) && json_end(&t->json))
        return true;
    options_usage("--text: this is not UTF-8");
    return false;
}

/* False: the program ends, with diag_exit_status(). */
static bool read_options(struct truncation *t, struct filter *filter, int argc, char **argv)
{
    const char *value;
    int id;
    while ((id = options_next(&program, argc, argv, &value)) != OPTIONS_END) {
        switch (id) {
        case 'l':
            if (!options_size(value, &t->limit)) {
                options_usage("--limit=%s: not a size; sizes are like 40MB or 40MiB", value);
                return false;
            }
            break;
        case OPTION_TEXT:
            if (!set_text(t, value))
                return false;
            break;
        default:
            if (!filter_option(filter, id, value))
                return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    static struct filter filter;
    static struct truncation t = {
        .limit = 40000000,
        .string = SPAN_INIT("\"Log lines exceed size limit\""),
    };
    filter_init(&filter, program.name);
    if (!read_options(&t, &filter, argc, argv))
        return diag_exit_status();
    if (filter_begin(&filter, argv + optind, (size_t)(argc - optind)))
        filter_lines(&filter, truncate_event, &t);
    free(t.made);
    return filter_end(&filter);
}
