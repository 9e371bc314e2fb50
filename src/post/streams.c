#include "config.h"

#include "base/hash.h"
#include "post/streams.h"

#include <stdlib.h>

#define OPENING "{\"streams\":[{\"stream\":"
#define VALUES  ",\"values\":["
#define CLOSING "]}]}"

struct labels {
    uint64_t hash;
    struct span text;
};

static bool is_set(const struct labels *set, uint64_t hash, struct span text)
{
    return set->hash == hash && span_equal(set->text, text);
}

static bool add_set(struct streams *streams, uint64_t hash, struct span text)
{
    if (streams->count == streams->capacity) {
        size_t capacity = 2 * streams->capacity + 8;
        struct labels *longer = realloc(streams->set, capacity * sizeof *longer);
        if (longer == NULL)
            return false;
        streams->set = longer;
        streams->capacity = capacity;
    }
    char *copy = malloc(text.len);
    if (copy == NULL)
        return false;
    memcpy(copy, text.at, text.len);
    streams->last = streams->count;
    streams->set[streams->count++] = (struct labels){hash, {copy, text.len}};
    return true;
}

/* Finds the number of a label set, or assigns one; streams->last is the number.  False: no
 * memory. */
static bool find_set(struct streams *streams, struct span text)
{
    uint64_t hash = hash_span(text);
    if (streams->count > 0 && is_set(&streams->set[streams->last], hash, text))
        return true;
    for (size_t i = streams->count; i-- > 0;)
        if (is_set(&streams->set[i], hash, text)) {
            streams->last = i;
            return true;
        }
    return add_set(streams, hash, text);
}

/* Reads an array of arrays that is not empty; *inside is the text between its brackets. */
static bool read_values(struct json *json, struct span *inside)
{
    bool any = false;
    if (!json_array(json))
        return false;
    const char *from = json_past(json);
    for (; json_element(json); any = true)
        if (json_peek(json) != JSON_ARRAY || !json_value(json, NULL))
            return false;
    if (any)
        *inside = span_between(from, json_past(json) - 1);
    return any;
}

/* Reads {"stream":{…},"values":[…]}. */
static bool read_stream(struct json *json, struct span *labels, struct span *values)
{
    struct json_key key;
    struct json_value value;
    if (!json_object(json))
        return false;
    while (json_member(json, &key))
        if (json_key_is(&key, SPAN("stream")) && labels->at == NULL) {
            if (!json_value(json, &value) || value.type != JSON_OBJECT)
                return false;
            *labels = value.text;
        } else if (!json_key_is(&key, SPAN("values")) || values->at != NULL ||
                   !read_values(json, values)) {
            return false;
        }
    return labels->at != NULL && values->at != NULL;
}

/* Reads the whole push; *several: it has more than one stream object. */
static bool read_push(struct json *json, struct span event, struct span *labels,
                      struct span *values, bool *several)
{
    struct json_key key;
    json_begin(json, event.at, event.len);
    if (!json_object(json) || !json_member(json, &key) || !json_key_is(&key, SPAN("streams")) ||
        !json_array(json) || !json_element(json) || !read_stream(json, labels, values))
        return false;
    *several = json_element(json);
    return !*several && !json_member(json, &key) && json_end(json);
}

bool streams_accept(struct streams *streams, struct json *json, struct record *record,
                    struct reason *reason)
{
    struct span labels = {NULL, 0}, values = {NULL, 0};
    bool several = false;
    if (!read_push(json, record->event.text, &labels, &values, &several))
        return several
                   ? reason_set(reason, "the event has more than one stream object; Loki does "
                                        "not say of each whether it keeps it")
                   : reason_set(
                         reason,
                         "the event is not {\"streams\":[{\"stream\":{...},\"values\":"
                         "[...]}]}, the form that Loki takes; audit-template -t loki writes it");
    if (!find_set(streams, labels))
        return reason_set(reason, "no memory left");
    record->body = values;
    record->tag = streams->last;
    record->size = values.len + 1 + labels.len;
    return true;
}

bool streams_time(struct span body, int64_t *nanoseconds)
{
    const char *at = body.at, *end = span_end(body);
    for (const char *wanted = "[\""; *wanted != '\0'; wanted++) {
        while (at < end && strchr(" \t\r\n", *at) != NULL)
            at++;
        if (at == end || *at++ != *wanted)
            return false;
    }
    const char *first = at;
    *nanoseconds = 0;
    for (; at < end && *at >= '0' && *at <= '9'; at++)
        if (__builtin_mul_overflow(*nanoseconds, 10, nanoseconds) ||
            __builtin_add_overflow(*nanoseconds, *at - '0', nanoseconds))
            return false;
    return at > first && at < end && *at == '"';
}

size_t streams_overhead(void)
{
    return sizeof OPENING - 1 + sizeof VALUES - 1 + sizeof CLOSING - 1;
}

struct timed {
    int64_t time;
    size_t place; /* position in the input */
    struct record *record;
};

size_t streams_memory(size_t records)
{
    return records * sizeof(struct timed);
}

static int by_time(const void *a, const void *b)
{
    const struct timed *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->place < y->place ? -1 : 1;
}

void streams_sort(struct records *records, void *memory)
{
    struct timed *timed = memory;
    size_t count = 0;
    for (struct record *record; (record = records_take(records)) != NULL; count++) {
        timed[count] = (struct timed){INT64_MAX, count, record};
        streams_time(record->body, &timed[count].time);
    }
    qsort(timed, count, sizeof *timed, by_time);
    for (size_t i = 0; i < count; i++)
        records_add(records, timed[i].record);
}

bool streams_compose(const struct streams *streams, const struct records *records,
                     struct edit *body)
{
    edit_add(body, SPAN(OPENING));
    edit_add(body, streams->set[records->first->tag].text);
    edit_add(body, SPAN(VALUES));
    for (const struct record *record = records->first; record != NULL; record = record->next) {
        if (record != records->first)
            edit_add(body, SPAN(","));
        edit_add(body, record->body);
    }
    edit_add(body, SPAN(CLOSING));
    return !body->no_memory;
}

void streams_free(struct streams *streams)
{
    for (size_t i = 0; i < streams->count; i++)
        free((char *)streams->set[i].text.at);
    free(streams->set);
    *streams = (struct streams){0};
}
