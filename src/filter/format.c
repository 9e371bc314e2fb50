#include "config.h"

#include "filter/format.h"
#include "json/json_string.h"

#include <stdlib.h>

enum { LEVELS = 3 }; /* of a wrapper */

/* Members of `context` that repeat other members of the event: removed from full job details since
 * September 2024 (Workato, "Duplicate entries removed from full job details", and the context of
 * the samples before and after it). */
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

/* An object that is being read, member by member. */
struct frame {
    const char *start;
    uint64_t present;  /* its fields, as FIELD_BIT()s */
    bool kept;         /* a member before the current one is kept */
    bool context;      /* it is a `context`, whose duplicates may be removed */
    bool context_kept; /* the same as kept, for the duplicates */
    /* The member whose value it is. */
    const char *name; /* its opening quote */
    bool gone, duplicate;
};

static bool has_details(const struct format *format)
{
    return (format->streams & STREAM_JOB_DETAILS) != 0;
}

static bool drops_duplicates(const struct format *format)
{
    return has_details(format) && !format->keep_duplicates;
}

/* Removes a member that was just read from its object: with the comma before it or, for the members
 * before the first one that is kept, the comma after it.  The text may end here: it need not be
 * JSON. */
static void remove_member(struct format *format, const char *name, const char *end, bool kept,
                          int level)
{
    const char *next = json_at(&format->json);
    if (kept)
        while (*--name != ',') /* over white space */
            ;
    else if (next != NULL && *next == ',')
        end = next + 1;
    splices_add(&format->splices, (struct splice){.gone = span_between(name, end), .level = level});
}

/* Handles a member of the object at `level` whose value has been read, up to `end`. */
static void finish_member(struct format *format, struct frame *frame, int level, const char *name,
                          const char *end, bool gone, bool duplicate)
{
    if (duplicate)
        remove_member(format, name, end, frame->context_kept, level - 1);
    frame->context_kept |= !duplicate;
    if (gone)
        remove_member(format, name, end, frame->kept, level);
    frame->kept |= !gone;
}

/* Reads an element of `lines`. */
static void read_line(struct format *format, int level)
{
    struct json *json = &format->json;
    struct json_key key;
    struct json_value value;
    bool kept = false, masked = false;
    size_t first = format->splices.count;
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
            remove_member(format, key.text.at - 1, span_end(value.text), kept, level);
        else if (data)
            splices_add(&format->splices,
                        (struct splice){value.text, SPAN("{\"data\":\"masked\"}"), level, true});
        kept |= !gone;
    }
    if (!masked)
        splices_drop_masks(&format->splices, first);
}

/* Reads the array `lines`.  *past is set to its end. */
static void read_lines(struct format *format, int level, const char **past)
{
    struct json *json = &format->json;
    json_array(json);
    while (json_element(json))
        if (json_peek(json) == JSON_OBJECT)
            read_line(format, level);
        else
            json_value(json, NULL);
    *past = json_past(json);
}

/* Replaces a localised status by the English console's. */
static void translate_status(struct format *format, const struct json_value *value, int level)
{
    struct span status = event_content(value), plain = event_status(status);
    if (plain.at == status.at)
        return;
    struct span quoted =
        span_equal(plain, SPAN("failed")) ? SPAN("\"failed\"") : SPAN("\"succeeded\"");
    splices_add(&format->splices,
                (struct splice){.gone = value->text, .with = quoted, .level = level});
}

/* Notes a string or an array of a wrapper. */
static void add_candidate(struct format *format, const struct json_value *value, int level)
{
    if (memchr(value->text.at, '{', value->text.len) == NULL)
        return;
    if (format->candidates == format->capacity) {
        size_t capacity = format->capacity == 0 ? 16 : 2 * format->capacity;
        struct format_candidate *grown = realloc(format->candidate, capacity * sizeof *grown);
        if (grown == NULL) {
            format->no_memory = true;
            return;
        }
        format->candidate = grown;
        format->capacity = capacity;
    }
    format->candidate[format->candidates++] = (struct format_candidate){*value, level};
}

/* Reads the next member of the object at *level, down to `levels`.  If its value is an object that
 * is read member by member, that becomes the object at *level. */
static void read_member(struct format *format, struct frame *frames, int *level, int levels,
                        const struct json_key *key)
{
    struct json *json = &format->json;
    struct frame *frame = &frames[*level];
    enum event_field field = event_field_of(key);
    enum json_type type = json_peek(json);
    const char *name = key->text.at - 1, *past;
    frame->present |= FIELD_BIT(field);
    bool gone =
        (field == FIELD_LINES && !has_details(format)) ||
        (field == EVENT_FIELDS && drops_duplicates(format) && json_key_is(key, SPAN("parent_id")));
    bool duplicate = frame->context && is_context_duplicate(key);
    bool context = field == FIELD_CONTEXT && drops_duplicates(format) && *level <= levels;
    if (type == JSON_OBJECT && (*level < levels || context)) {
        frames[++*level] = (struct frame){
            .start = json_at(json),
            .context = context,
            .name = name,
            .gone = gone,
            .duplicate = duplicate,
        };
        json_object(json);
        return;
    }
    if (type == JSON_ARRAY && field == FIELD_LINES && has_details(format)) {
        read_lines(format, *level, &past);
    } else {
        struct json_value value;
        if (!json_value(json, &value))
            return;
        past = span_end(value.text);
        if (field == FIELD_STATUS && type == JSON_STRING)
            translate_status(format, &value, *level);
        if (*level < levels && (type == JSON_STRING || type == JSON_ARRAY) &&
            format->found.kind == EVENT_UNKNOWN)
            add_candidate(format, &value, *level);
    }
    finish_member(format, frame, *level, name, past, gone, duplicate);
}

/* Reads the text, an object: itself as an event, and, down to `levels`, its object members.  The
 * outermost event counts.  False: see json_error(). */
static bool read_object(struct format *format, int levels)
{
    struct json *json = &format->json;
    struct frame frames[LEVELS + 2];
    struct json_key key;
    int level = 0;
    frames[0] = (struct frame){.start = json_at(json)};
    json_object(json);
    for (;;) {
        if (json_member(json, &key)) {
            read_member(format, frames, &level, levels, &key);
            continue;
        }
        if (json_error(json).code != JSON_OK)
            return false;
        const struct frame *frame = &frames[level];
        enum event_kind kind = level <= levels ? event_kind_of(frame->present) : EVENT_UNKNOWN;
        if (kind != EVENT_UNKNOWN &&
            (format->found.kind == EVENT_UNKNOWN || level < format->found.level)) {
            format->found.text = span_between(frame->start, json_past(json));
            format->found.kind = kind;
            format->found.level = level;
        }
        if (level-- == 0)
            return true;
        finish_member(format, &frames[level], level, frame->name, json_past(json), frame->gone,
                      frame->duplicate);
    }
}

/* Reads a text as an event and, down to `levels`, as the wrapper of one.  False: it is not one JSON
 * text. */
static bool read_text(struct format *format, struct span text, int levels)
{
    struct json *json = &format->json;
    splices_clear(&format->splices);
    format->found.kind = EVENT_UNKNOWN;
    format->found.decoded = false;
    json_begin(json, text.at, text.len);
    if (json_peek(json) == JSON_OBJECT)
        read_object(format, levels);
    else
        json_value(json, NULL);
    if (json_end(json))
        return true;
    format->error = json_error(json);
    return false;
}

/* Decodes the string's content into the format's buffer and returns whether it is an event. */
static bool decode_event(struct format *format, struct span content)
{
    size_t len;
    if (content.len > format->decoded_size) {
        free(format->decoded);
        format->decoded = malloc(content.len);
        format->decoded_size = format->decoded != NULL ? content.len : 0;
    }
    if (format->decoded == NULL) {
        format->no_memory = true;
        return false;
    }
    format->found.decoded = json_string_decode(content, format->decoded, content.len, &len) &&
                            read_text(format, (struct span){format->decoded, len}, 0) &&
                            format->found.kind != EVENT_UNKNOWN;
    return format->found.decoded;
}

/* Whether one of the strings among the candidates from `first` on is an event: those at the
 * outermost level are tried first. */
static bool find_in_strings(struct format *format, size_t first)
{
    for (int level = 0; level < LEVELS; level++)
        for (size_t i = first; i < format->candidates; i++) {
            const struct format_candidate *c = &format->candidate[i];
            if (c->level == level && c->value.type == JSON_STRING &&
                decode_event(format, event_content(&c->value)))
                return true;
        }
    return false;
}

/* Finds the event in a text that may be a wrapper.  If there is none, the candidates are kept.
 * False: there is none, or the text is not JSON, as *wrong then says. */
static bool find_event(struct format *format, struct span text, bool *wrong)
{
    size_t first = format->candidates;
    *wrong = !read_text(format, text, LEVELS);
    return !*wrong && (format->found.kind != EVENT_UNKNOWN || find_in_strings(format, first));
}

/* Whether an element of the array is an event or the wrapper of one. */
static bool holds_event(struct format *format, struct span array)
{
    struct json json;
    struct json_value element;
    bool wrong;
    json_begin(&json, array.at, array.len);
    json_array(&json);
    while (json_element(&json) && json_value(&json, &element)) {
        size_t candidates = format->candidates;
        bool found = element.type == JSON_OBJECT && find_event(format, element.text, &wrong);
        format->candidates = candidates;
        if (found)
            return true;
    }
    return false;
}

/* Finds the array that makes the text a page: the first that contains an event, the outermost level
 * first. */
static bool find_page(struct format *format)
{
    size_t candidates = format->candidates;
    for (int level = 0; level < LEVELS; level++)
        for (size_t i = 0; i < candidates; i++) {
            struct format_candidate c = format->candidate[i];
            if (c.level == level && c.value.type == JSON_ARRAY &&
                holds_event(format, c.value.text)) {
                format->page = c.value.text;
                return true;
            }
        }
    return false;
}

static bool in_stream(const struct format *format)
{
    unsigned wanted =
        format->kind == EVENT_JOB ? STREAM_JOB_STATUS | STREAM_JOB_DETAILS : STREAM_USER_ACTIVITY;
    return (format->streams & wanted) != 0;
}

/* Reads the text and finds its event.  Texts in an archive are alike: if the last event was in a
 * wrapper, the next one is searched for there at once. */
static enum format_result find(struct format *format, struct span text)
{
    bool wrong;
    format->candidates = 0;
    if (!format->wrapped) {
        if (!read_text(format, text, 0))
            return FORMAT_WRONG;
        if (format->found.kind != EVENT_UNKNOWN)
            return FORMAT_EVENT;
    }
    if (find_event(format, text, &wrong)) {
        format->wrapped = format->found.level > 0 || format->found.decoded;
        return FORMAT_EVENT;
    }
    if (wrong)
        return FORMAT_WRONG;
    format->wrapped = true;
    return find_page(format) ? FORMAT_PAGE : FORMAT_UNKNOWN;
}

enum format_result format_text(struct format *format, struct span text, struct edit *edit)
{
    edit_clear(edit);
    format->no_memory = false;
    enum format_result result = find(format, text);
    format->kind = result == FORMAT_EVENT ? format->found.kind : EVENT_UNKNOWN;
    if (result == FORMAT_EVENT && !in_stream(format))
        return FORMAT_LEFT_OUT;
    bool compact = json_has_space(&format->json);
    if (result == FORMAT_EVENT)
        splices_build(&format->splices, format->found.text,
                      format->kind == EVENT_JOB ? format->found.level : SPLICES_NONE, compact,
                      edit);
    else if (result == FORMAT_UNKNOWN)
        splices_build(&format->splices, text, SPLICES_NONE, true, edit);
    bool no_memory = format->no_memory || format->splices.no_memory || edit->no_memory;
    return no_memory ? FORMAT_NO_MEMORY : result;
}

void format_free(struct format *format)
{
    splices_free(&format->splices);
    free(format->candidate);
    free(format->decoded);
}
