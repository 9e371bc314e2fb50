#include "config.h"

#include "receive/body.h"
#include "json/json.h"
#include "json/json_compact.h"
#include "json/json_string.h"

#include <stdlib.h>

/* The state of one call of body_split(). */
struct split {
    struct span bytes;
    struct body *body;
    struct reason *reason;
    struct json json;  /* reads the body */
    struct json inner; /* reads a value of it once more */
    size_t skipped;    /* bytes of the body before `bytes` */
    bool no_memory;
};

size_t body_lines_most(size_t len)
{
    /* The shortest event is "{}", to which a newline is added. */
    return len + len / 2 + 1;
}

/* Sets the reason to "byte N: " and `why`, N counted from the body's first byte; false, for the
 * caller to return. */
static bool wrong(struct split *split, const char *at, const char *why)
{
    return reason_set(split->reason, "byte %zu: %s",
                      split->skipped + (size_t)(at - split->bytes.at) + 1, why);
}

/* Sets the reason to the error that the body's reader has found. */
static bool wrong_json(struct split *split)
{
    struct json_error error = json_error(&split->json);
    return wrong(split, split->bytes.at + error.offset, json_error_text(error.code));
}

/* Appends an object that a reader has accepted as one line. */
static void add_line(struct split *split, struct span object)
{
    struct body *body = split->body;
    body->len += json_compact(object, body->lines + body->len);
    body->lines[body->len++] = '\n';
    body->events++;
}

/* Reads the next value, which must be an object. */
static bool read_object(struct split *split, struct json_value *value)
{
    const char *at = json_at(&split->json);
    if (at != NULL && *at != '{')
        return wrong(split, at, "an event must be a JSON object");
    return json_value(&split->json, value) || wrong_json(split);
}

static bool read_array(struct split *split)
{
    struct json_value value;
    if (!json_array(&split->json))
        return wrong_json(split);
    while (json_element(&split->json)) {
        if (!read_object(split, &value))
            return false;
        add_line(split, value.text);
    }
    return json_error(&split->json).code == JSON_OK || wrong_json(split);
}

/* Reads events and arrays of events, one after the other. */
static bool read_json(struct split *split)
{
    struct json_value value;
    const char *at;
    while ((at = json_at(&split->json)) != NULL) {
        if (*at == '[') {
            if (!read_array(split))
                return false;
        } else {
            if (!read_object(split, &value))
                return false;
            add_line(split, value.text);
        }
    }
    return json_end(&split->json) || wrong_json(split);
}

/* Whether the object is an action of a bulk request that stores a document. */
static bool is_action(struct json *json, struct span object)
{
    struct json_key key;
    json_begin(json, object.at, object.len);
    return json_object(json) && json_member(json, &key) &&
           (json_key_is(&key, SPAN("create")) || json_key_is(&key, SPAN("index"))) &&
           json_peek(json) == JSON_OBJECT && json_value(json, NULL) && !json_member(json, &key) &&
           json_end(json);
}

/* Reads actions with their documents. */
static bool read_bulk(struct split *split)
{
    struct json_value value;
    const char *at;
    while ((at = json_at(&split->json)) != NULL) {
        if (!read_object(split, &value))
            return false;
        if (!is_action(&split->inner, value.text))
            return wrong(split, at, "an action, create or index, must precede each document");
        if (json_at(&split->json) == NULL)
            return json_end(&split->json) ? wrong(split, at, "this action has no document")
                                          : wrong_json(split);
        if (!read_object(split, &value))
            return false;
        add_line(split, value.text);
    }
    return json_end(&split->json) || wrong_json(split);
}

/* The result of reading one of Loki's wrappers. */
enum loki {
    LOKI_GOOD,
    LOKI_OTHER, /* it is not a wrapper of Loki's */
    LOKI_WRONG, /* a line in it is not an event; the reason is set */
};

/* Decodes a line into `to`, which has room for it, and adds it. */
static enum loki add_decoded(struct split *split, struct span string, char *to)
{
    struct json *json = &split->inner;
    struct json_value value;
    size_t len;
    if (!json_string_decode((struct span){string.at + 1, string.len - 2}, to, string.len, &len)) {
        wrong(split, string.at, "this line holds half of a UTF-16 pair");
        return LOKI_WRONG;
    }
    json_begin(json, to, len);
    if (json_peek(json) != JSON_OBJECT || !json_value(json, &value) || !json_end(json)) {
        wrong(split, string.at, "this line is not a JSON object");
        return LOKI_WRONG;
    }
    add_line(split, value.text);
    return LOKI_GOOD;
}

static enum loki read_line(struct split *split, struct span string)
{
    char *decoded = malloc(string.len);
    split->no_memory |= decoded == NULL;
    enum loki result = decoded != NULL ? add_decoded(split, string, decoded) : LOKI_WRONG;
    free(decoded);
    return result;
}

/* Reads ["TIME","LINE"], or an entry with a third element. */
static enum loki read_entry(struct split *split)
{
    struct json *json = &split->json;
    struct json_value value = {JSON_NONE, {NULL, 0}};
    enum loki result = LOKI_OTHER;
    if (json_peek(json) != JSON_ARRAY || !json_array(json))
        return LOKI_OTHER;
    for (size_t i = 0; json_element(json); i++) {
        if (!json_value(json, &value) || (i < 2 && value.type != JSON_STRING) || i > 2 ||
            (i == 2 && value.type != JSON_OBJECT))
            return LOKI_OTHER;
        if (i == 1 && (result = read_line(split, value.text)) != LOKI_GOOD)
            return result;
    }
    return result;
}

static enum loki read_values(struct split *split)
{
    struct json *json = &split->json;
    if (json_peek(json) != JSON_ARRAY || !json_array(json))
        return LOKI_OTHER;
    while (json_element(json)) {
        enum loki result = read_entry(split);
        if (result != LOKI_GOOD)
            return result;
    }
    return LOKI_GOOD;
}

/* Reads {"stream":{...},"values":[...]}. */
static enum loki read_stream(struct split *split)
{
    struct json *json = &split->json;
    struct json_key key;
    bool labels = false, values = false;
    if (json_peek(json) != JSON_OBJECT || !json_object(json))
        return LOKI_OTHER;
    while (json_member(json, &key)) {
        if (json_key_is(&key, SPAN("values")) && !values) {
            enum loki result = read_values(split);
            if (result != LOKI_GOOD)
                return result;
            values = true;
        } else if (json_key_is(&key, SPAN("stream")) && !labels && json_peek(json) == JSON_OBJECT) {
            json_value(json, NULL);
            labels = true;
        } else {
            return LOKI_OTHER;
        }
    }
    return labels && values ? LOKI_GOOD : LOKI_OTHER;
}

/* Reads {"streams":[...]} and nothing else. */
static enum loki read_streams(struct split *split)
{
    struct json *json = &split->json;
    struct json_key key;
    if (json_peek(json) != JSON_OBJECT || !json_object(json) || !json_member(json, &key) ||
        !json_key_is(&key, SPAN("streams")) || json_peek(json) != JSON_ARRAY || !json_array(json))
        return LOKI_OTHER;
    while (json_element(json)) {
        enum loki result = read_stream(split);
        if (result != LOKI_GOOD)
            return result;
    }
    return !json_member(json, &key) && json_end(json) ? LOKI_GOOD : LOKI_OTHER;
}

/* Begins again; what was read already is not parsed again (see json_rewind()). */
static void restart(struct split *split)
{
    json_rewind(&split->json);
    split->body->len = split->body->events = 0;
}

/* The form that the first member's name in the body's first object indicates. */
static enum body_form guess_by_name(struct json *json)
{
    struct json_key key;
    if (json_peek(json) != JSON_OBJECT || !json_object(json) || !json_member(json, &key))
        return BODY_JSON;
    if (json_key_is(&key, SPAN("create")) || json_key_is(&key, SPAN("index")))
        return BODY_BULK;
    return json_key_is(&key, SPAN("streams")) ? BODY_LOKI : BODY_JSON;
}

/* The form that the beginning of the body indicates.  An object that looks like an event of another
 * kind is an event. */
static enum body_form guess(struct split *split)
{
    struct json_value value;
    enum body_form form = guess_by_name(&split->json);
    restart(split);
    if (form != BODY_BULK)
        return form;
    bool action = json_value(&split->json, &value) && is_action(&split->inner, value.text);
    restart(split);
    return action ? BODY_BULK : BODY_JSON;
}

static bool read_body(struct split *split, enum body_form form)
{
    bool certain = form != BODY_AUTO;
    json_begin(&split->json, split->bytes.at, split->bytes.len);
    if (json_at(&split->json) == NULL && json_end(&split->json))
        return reason_set(split->reason, "the body is empty");
    restart(split);
    if (!certain)
        form = guess(split);
    if (form == BODY_LOKI) {
        enum loki result = read_streams(split);
        split->body->form = BODY_LOKI;
        if (result != LOKI_OTHER)
            return result == LOKI_GOOD;
        if (certain)
            return json_error(&split->json).code != JSON_OK
                       ? wrong_json(split)
                       : reason_set(split->reason, "the body is not {\"streams\":[...]}");
        restart(split);
        form = BODY_JSON;
    }
    split->body->form = form;
    return form == BODY_BULK ? read_bulk(split) : read_json(split);
}

enum body_result body_split(enum body_form form, struct span bytes, struct body *body,
                            struct reason *reason)
{
    struct split *split = malloc(sizeof *split);
    *body = (struct body){.form = form, .lines = malloc(body_lines_most(bytes.len))};
    enum body_result result = BODY_NO_MEMORY;
    if (split != NULL && body->lines != NULL) {
        /* A byte order mark is skipped (RFC 8259 section 8.1). */
        bool mark = bytes.len >= 3 && memcmp(bytes.at, "\xef\xbb\xbf", 3) == 0;
        split->skipped = mark ? 3 : 0;
        split->bytes = (struct span){bytes.at + split->skipped, bytes.len - split->skipped};
        split->body = body;
        split->reason = reason;
        split->no_memory = false;
        result = read_body(split, form) ? BODY_GOOD : split->no_memory ? BODY_NO_MEMORY : BODY_BAD;
    }
    free(split);
    return result;
}
