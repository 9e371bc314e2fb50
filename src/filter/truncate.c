#include "config.h"

#include "filter/truncate.h"
#include "json/json_string.h"

#include <errno.h>
#include <stdlib.h>

bool truncate_set_text(struct truncation *t, const char *text, struct reason *reason)
{
    enum { ESCAPE = 6 }; /* bytes of the longest */
    struct span rest = span_of(text);
    size_t size = ESCAPE * (rest.len + 1) + 2;
    char *string = realloc(t->made, size);
    if (string == NULL)
        return reason_set(reason, "%s", strerror(ENOMEM));
    t->made = string;
    string[0] = '"';
    size_t len = 1 + json_string_encode(&rest, string + 1, size - 2);
    string[len++] = '"';
    t->string = (struct span){string, len};
    json_begin(&t->json, string, len);
    return (json_value(&t->json, NULL) && json_end(&t->json)) ||
           reason_set(reason, "this is not UTF-8");
}

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

enum verdict truncate_event(void *context, struct span record, struct edit *edit,
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

void truncate_free(struct truncation *t)
{
    free(t->made);
    t->made = NULL;
}

const struct parallel_work truncate_work = {
    .transform = truncate_event,
    .size = sizeof(struct truncation),
};
