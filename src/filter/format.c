#include "config.h"

#include "filter/format.h"
#include "json/json_compact.h"
#include "json/json_string.h"

#include <stdlib.h>

/* Members of `context` that say again what the event says elsewhere: taken out of full job details
 * since September 2024 (Workato, "Duplicate entries removed from full job details", and the context
 * of the samples before and after it). */
static const struct span context_duplicates[] = {
    SPAN_INIT("repeated_job"),   SPAN_INIT("job_created_at"), SPAN_INIT("job_id"),
    SPAN_INIT("master_job_id"),  SPAN_INIT("is_repeat"),      SPAN_INIT("calling_recipe_id"),
    SPAN_INIT("calling_job_id"), SPAN_INIT("repeat_count"),   SPAN_INIT("repeated_count"),
    SPAN_INIT("parent_job_id"),
};

static bool is_context_duplicate(const struct json_key *key)
{
    for (size_t i = 0; i < sizeof context_duplicates / sizeof *context_duplicates; i++)
        if (json_key_is(key, context_duplicates[i]))
            return true;
    return false;
}

static void add_cut(struct format *format, struct cut cut)
{
    if (format->cuts == format->capacity) {
        size_t capacity = format->capacity == 0 ? 64 : 2 * format->capacity;
        struct cut *grown = realloc(format->cut, capacity * sizeof *grown);
        if (grown == NULL) {
            format->no_memory = true;
            return;
        }
        format->cut = grown;
        format->capacity = capacity;
    }
    format->cut[format->cuts++] = cut;
}

/* Takes a member that was just read out of a compact object, and the comma before it; of the
 * members before the first one that stays, the comma after it.  The text may end here: it need not
 * be JSON. */
static void cut_member(struct format *format, struct json *json, const struct json_key *key,
                       const char *end, bool kept)
{
    const char *from = key->text.at - 1, *next = json_at(json);
    if (kept)
        from--;
    else if (next != NULL && *next == ',')
        end = next + 1;
    add_cut(format, (struct cut){.gone = span_between(from, end)});
}

/* Reads `context`, and takes the duplicates out. */
static void read_context(struct format *format, struct json *json)
{
    struct json_key key;
    struct json_value value;
    bool kept = false;
    json_object(json);
    while (json_member(json, &key)) {
        bool duplicate = is_context_duplicate(&key);
        if (!json_value(json, &value))
            return;
        if (duplicate)
            cut_member(format, json, &key, span_end(value.text), kept);
        kept |= !duplicate;
    }
}

/* Drops the masks noted since `first`: the line did not ask for them. */
static void drop_masks(struct format *format, size_t first)
{
    size_t to = first;
    for (size_t i = first; i < format->cuts; i++)
        if (!format->cut[i].mask)
            format->cut[to++] = format->cut[i];
    format->cuts = to;
}

/* Reads one of `lines`. */
static void read_line(struct format *format, struct json *json)
{
    struct json_key key;
    struct json_value value;
    bool kept = false, masked = false;
    size_t first = format->cuts;
    json_object(json);
    while (json_member(json, &key)) {
        bool data = json_key_is(&key, SPAN("input")) || json_key_is(&key, SPAN("output"));
        bool gone = data ? format->zero_retention
                         : !format->keep_duplicates && json_key_is(&key, SPAN("line_stat"));
        bool mask = json_key_is(&key, SPAN("mask_data"));
        if (!json_value(json, &value))
            return;
        masked |= mask && value.type == JSON_TRUE;
        if (gone)
            cut_member(format, json, &key, span_end(value.text), kept);
        else if (data)
            add_cut(format, (struct cut){value.text, SPAN("{\"data\":\"masked\"}"), true});
        kept |= !gone;
    }
    if (!masked)
        drop_masks(format, first);
}

static void read_lines(struct format *format, struct json *json)
{
    json_array(json);
    while (json_element(json))
        if (json_peek(json) == JSON_OBJECT)
            read_line(format, json);
        else
            json_value(json, NULL);
}

/* The span of a value that was read member by member. */
static struct json_value walked(enum json_type type, const char *start, struct json *json)
{
    return (struct json_value){type, span_between(start, json_past(json))};
}

/* An event_visitor: notes what would have to go if the event proves to be a job. */
static bool visit(void *context, struct json *json, const struct json_key *key,
                  enum event_field field, struct json_value *value)
{
    struct format *format = context;
    bool details = (format->streams & STREAM_JOB_DETAILS) != 0;
    bool duplicates = details && !format->keep_duplicates;
    bool gone = (field == FIELD_LINES && !details) ||
                (field == EVENT_FIELDS && duplicates && json_key_is(key, SPAN("parent_id")));
    enum json_type type = json_peek(json);
    const char *start = json_at(json);
    if (field == FIELD_CONTEXT && type == JSON_OBJECT && duplicates) {
        read_context(format, json);
        *value = walked(type, start, json);
    } else if (field == FIELD_LINES && type == JSON_ARRAY && details) {
        read_lines(format, json);
        *value = walked(type, start, json);
    } else if (!json_value(json, value)) {
        return true;
    }
    if (gone)
        cut_member(format, json, key, span_end(value->text), format->kept);
    format->kept |= !gone;
    if (field == FIELD_STATUS && type == JSON_STRING) {
        struct span status = event_content(value), plain = event_status(status);
        if (plain.at != status.at)
            add_cut(format, (struct cut){.gone = status, .with = plain});
    }
    return true;
}

/* Reads an event that may be wrapped in nothing else. */
static bool read_event(struct format *format, struct span text)
{
    struct json *json = &format->json;
    format->cuts = 0;
    format->kept = false;
    json_begin(json, text.at, text.len);
    if (json_peek(json) == JSON_OBJECT) {
        event_read(json, 0, visit, format, &format->event);
    } else {
        format->event.kind = EVENT_UNKNOWN;
        json_value(json, NULL);
    }
    if (json_end(json))
        return true;
    format->error = json_error(json);
    return false;
}

/* Makes sure that a buffer has room for `size` bytes. */
static bool reserve(char **buffer, size_t *have, size_t size)
{
    if (size <= *have)
        return true;
    free(*buffer);
    *buffer = malloc(size);
    *have = *buffer != NULL ? size : 0;
    return *buffer != NULL;
}

/* Reads the text as an event, without its white space.  *text is then the compact one. */
static enum format_result read_compact(struct format *format, struct span *text)
{
    if (!read_event(format, *text))
        return FORMAT_WRONG;
    if (!json_has_space(&format->json))
        return FORMAT_EVENT;
    if (!reserve(&format->compact, &format->compact_size, text->len))
        return FORMAT_NO_MEMORY;
    *text = (struct span){format->compact, json_compact(*text, format->compact)};
    read_event(format, *text);
    return FORMAT_EVENT;
}

/* A string of the wrapper that may hold an event as text. */
struct held {
    struct format *format;
    struct span found; /* the content of the best one so far */
    unsigned level;    /* and how deep it stands */
};

/* Decodes the content into the format's buffer and says whether it is an event. */
static bool decode_event(struct format *format, struct span content, struct span *text)
{
    size_t len;
    if (!reserve(&format->decoded, &format->decoded_size, content.len)) {
        format->no_memory = true;
        return false;
    }
    if (!json_string_decode(content, format->decoded, content.len, &len))
        return false;
    *text = (struct span){format->decoded, len};
    return read_event(format, *text) && format->event.kind != EVENT_UNKNOWN;
}

static void try_string(void *context, struct span content, unsigned level)
{
    struct held *held = context;
    struct span text;
    bool better = held->found.at == NULL || level < held->level;
    if (!better || memchr(content.at, '{', content.len) == NULL)
        return;
    if (decode_event(held->format, content, &text)) {
        held->found = content;
        held->level = level;
    }
}

/* Finds the event in a compact text that is none itself. */
static enum format_result unwrap(struct format *format, struct span *text)
{
    struct span event = {NULL, 0};
    struct json json;
    json_begin(&json, text->at, text->len);
    event_locate(&json, NULL, NULL, &event);
    if (event.at != NULL) {
        *text = event;
        read_event(format, event);
        return FORMAT_EVENT;
    }
    struct held held = {.format = format};
    json_begin(&json, text->at, text->len);
    event_locate(&json, try_string, &held, &event);
    if (held.found.at == NULL)
        return FORMAT_UNKNOWN;
    decode_event(format, held.found, text);
    return read_compact(format, text);
}

/* Writes the event without what was cut. */
static void build(const struct format *format, struct span text, struct edit *edit)
{
    const char *at = text.at;
    for (size_t i = 0; i < format->cuts; i++) {
        const struct cut *cut = &format->cut[i];
        edit_add(edit, span_between(at, cut->gone.at));
        edit_add(edit, cut->with);
        at = span_end(cut->gone);
    }
    edit_add(edit, span_between(at, span_end(text)));
}

static bool in_stream(const struct format *format)
{
    unsigned wanted =
        format->kind == EVENT_JOB ? STREAM_JOB_STATUS | STREAM_JOB_DETAILS : STREAM_USER_ACTIVITY;
    return (format->streams & wanted) != 0;
}

enum format_result format_text(struct format *format, struct span text, struct edit *edit)
{
    edit_clear(edit);
    format->no_memory = false;
    enum format_result result = read_compact(format, &text);
    if (result == FORMAT_EVENT && format->event.kind == EVENT_UNKNOWN)
        result = unwrap(format, &text);
    format->kind = result == FORMAT_EVENT ? format->event.kind : EVENT_UNKNOWN;
    if (result == FORMAT_EVENT && !in_stream(format))
        return FORMAT_LEFT_OUT;
    if (format->kind != EVENT_JOB)
        format->cuts = 0;
    if (result == FORMAT_EVENT || result == FORMAT_UNKNOWN)
        build(format, text, edit);
    return format->no_memory || edit->no_memory ? FORMAT_NO_MEMORY : result;
}

void format_free(struct format *format)
{
    free(format->cut);
    free(format->compact);
    free(format->decoded);
}
