/* json: a strict, exact reader of one JSON text (RFC 8259, UTF-8 per RFC 3629).
 *
 * The reader reads the text once, front to back, and returns spans of the text's own bytes; it
 * builds no tree, allocates nothing and never recurses.  Skipped values are checked as strictly as
 * others.  The caller enters the values it needs and skips the rest:
 *
 *     json_begin(&json, text, len);
 *     if (json_object(&json))
 *         while (json_member(&json, &key))
 *             if (json_key_is(&key, SPAN("status")))
 *                 json_value(&json, &status);
 *             else
 *                 json_value(&json, NULL);
 *     if (!json_end(&json))
 *         … json_error(&json) …
 *
 * After an error every call returns false, so that loops end by themselves. */
#ifndef JSON_H
#define JSON_H

#include "base/span.h"
#include "json/json_error.h"
#include "json/json_index.h"

enum {
    JSON_DEPTH = 1024, /* nested values, including the outermost */
    JSON_DEPTH_MAX = 1088,
    JSON_KEY_MAX = 64, /* bytes of a decoded member name that json_key_is() can compare */
};

enum json_type {
    JSON_NONE, /* no value: absent, or an error */
    JSON_OBJECT,
    JSON_ARRAY,
    JSON_STRING,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
};

/* Whether a value of that type has no values inside. */
static inline bool json_is_scalar(enum json_type type)
{
    return type != JSON_OBJECT && type != JSON_ARRAY;
}

struct json_value {
    enum json_type type;
    struct span text; /* the bytes: with the quotes of a string, the brackets of an object */
};

struct json_key {
    struct span text; /* the bytes, without the quotes */
    struct span name; /* with escapes decoded; at == NULL if longer than JSON_KEY_MAX */
};

struct json {
    struct json_index index;
    struct json_error error;
    const unsigned char *token;              /* the last token read */
    size_t token_offset;                     /* its offset, if json_extend() may follow */
    unsigned depth;                          /* objects and arrays that are open */
    bool fresh;                              /* the innermost one was just entered */
    unsigned state;                          /* of the skipping automaton, between two calls */
    unsigned limit;                          /* the maximum depth */
    uint64_t is_object[JSON_DEPTH_MAX / 64]; /* bit d: the value open at depth d + 1 is an object */
    char name[JSON_KEY_MAX];                 /* a member name whose escapes had to be decoded */
};

/* Begins to read the len bytes at `text`, which stay the caller's and must stay in place. */
void json_begin(struct json *json, const char *text, size_t len);

/* Begins again with the same text.  If less than JSON_WINDOW bytes were read, they are not scanned
 * again. */
void json_rewind(struct json *json);

/* The type of the next value, by its first byte; JSON_NONE if there is none.  Reads nothing:
 * reading the value still checks it. */
enum json_type json_peek(struct json *json);

/* Sets how deep values may be nested: JSON_DEPTH at first, JSON_DEPTH_MAX at most. */
void json_set_depth(struct json *json, unsigned depth);

/* Where the next token begins, NULL if there is none. */
const char *json_at(struct json *json);

/* One past the token read last: the end of an object or array that was just left. */
const char *json_past(const struct json *json);

/* Enters the next value, an object or an array.  False: an error, or it is something else. */
bool json_object(struct json *json);
bool json_array(struct json *json);

/* In an object, reads the next member's name and colon; its value is next.  False at the object's
 * end, which is left, and on an error. */
bool json_member(struct json *json, struct json_key *key);

/* Reads the next member as json_member() does, and its value as json_value() does unless
 * value->type is an object or an array, which then is next.  False at the object's end, which is
 * left, and on an error. */
bool json_member_value(struct json *json, struct json_key *key, struct json_value *value);

/* In an array, true if there is another element.  False at the array's end, which is left. */
bool json_element(struct json *json);

/* Skips the next value and checks it.  value may be NULL. */
bool json_value(struct json *json, struct json_value *value);

/* True if the text was one value with nothing after it, completely read without an error. */
bool json_end(struct json *json);

/* Notes an error of the caller's own, at a position in the text: a value that is valid JSON but not
 * what is expected there. */
void json_reject(struct json *json, enum json_code code, const char *at);

/* The error, and whether the text has white space outside strings (once all is read). */
struct json_error json_error(const struct json *json);
static inline bool json_ok(const struct json *json)
{
    return json->error.code == JSON_OK;
}
bool json_has_space(const struct json *json);

/* Whether a string of the text may have an escape (once all is read). */
bool json_has_escape(const struct json *json);

/* Whether the name is `name`, escapes decoded. */
static inline bool json_key_is(const struct json_key *key, struct span name)
{
    return key->name.at != NULL && span_equal(key->name, name);
}

/* Reading a value that is still arriving: the outermost value of a text that grows.
 *
 * Call json_begin() with the bytes so far, up to the last '}', ']' or white space, then
 * json_whole().  JSON_MORE: call json_extend() with more bytes, and json_whole() again.
 * JSON_WHOLE: the value ends at json_past(); the bytes after it were not checked.  JSON_WRONG: see
 * json_error(). */
enum json_progress { JSON_WHOLE, JSON_MORE, JSON_WRONG };
enum json_progress json_whole(struct json *json);

/* Says that there are no more bytes: json_error() then says what is missing in the text. */
void json_no_more(struct json *json);

void json_extend(struct json *json, const char *text, size_t len);

#endif
