/* json: a strict, exact reader of one JSON text (RFC 8259, UTF-8 per RFC 3629).
 *
 * The reader goes over the text once, front to back, and hands out spans of the text's own bytes;
 * it builds no tree, allocates nothing and never recurses.  What is skipped is checked as strictly
 * as what is looked at.  The caller walks as deep as it is interested and skips the rest:
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
 * After an error every call returns false, so that loops end by themselves.
 */
#ifndef JSON_H
#define JSON_H

#include "base/span.h"
#include "json/json_error.h"
#include "json/json_index.h"

enum {
    JSON_DEPTH = 1024, /* values inside one another, the outermost counted */
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
    struct span name; /* what it means: escapes decoded; at == NULL when longer than JSON_KEY_MAX */
};

struct json {
    struct json_index index;
    struct json_error error;
    const unsigned char *token;              /* the token read last */
    size_t token_offset;                     /* where it is, while json_extend() may follow */
    unsigned depth;                          /* objects and arrays that are open */
    bool fresh;                              /* the innermost one was just entered */
    unsigned state;                          /* of the skipping automaton, between two calls */
    unsigned limit;                          /* how many may be */
    uint64_t is_object[JSON_DEPTH_MAX / 64]; /* bit d: the value open at depth d + 1 is an object */
    char name[JSON_KEY_MAX];                 /* a member name whose escapes had to be decoded */
};

/* Begins to read the len bytes at `text`, which stay the caller's and must stay in place. */
void json_begin(struct json *json, const char *text, size_t len);

/* Begins again with the same text.  What was read of it so far costs nothing again where that is
 * less than JSON_WINDOW bytes. */
void json_rewind(struct json *json);

/* The type of the value that comes next; JSON_NONE where none does.  Reads nothing.  The type is
 * told from the first byte; reading the value still checks it. */
enum json_type json_peek(struct json *json);

/* Sets how many values may be inside one another: JSON_DEPTH at first, JSON_DEPTH_MAX at most. */
void json_set_depth(struct json *json, unsigned depth);

/* Where the next token begins, NULL if there is none. */
const char *json_at(struct json *json);

/* One past the token read last: the end of an object or array that was just left. */
const char *json_past(const struct json *json);

/* Enters the object, or the array, that comes next.  False: an error, or something else comes. */
bool json_object(struct json *json);
bool json_array(struct json *json);

/* In an object, reads the next member's name and colon; its value comes next.  False at the
 * object's end, which is thereby left, and on an error. */
bool json_member(struct json *json, struct json_key *key);

/* Reads the next member as json_member() does, and its value as json_value() does unless that is an
 * object or an array, which then comes next; value->type tells.  False at the object's end, which
 * is thereby left, and on an error. */
bool json_member_value(struct json *json, struct json_key *key, struct json_value *value);

/* In an array, true if another element comes.  False at its end, which is thereby left. */
bool json_element(struct json *json);

/* Reads over the value that comes next and checks it.  value may be NULL. */
bool json_value(struct json *json, struct json_value *value);

/* True if the text was one value with nothing after it, all read, and without error. */
bool json_end(struct json *json);

/* Notes an error of the caller's own, at a place in the text: a value that is JSON but not what
 * is expected there. */
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
 * json_begin() with what is there, cut after the last '}', ']' or white space; json_whole() reads
 * on.  JSON_MORE asks for more: json_extend() and call it again.  JSON_WHOLE: the value ends at
 * json_past(); what follows it was not looked at.  JSON_WRONG: see json_error(). */
enum json_progress { JSON_WHOLE, JSON_MORE, JSON_WRONG };
enum json_progress json_whole(struct json *json);

/* Says that nothing more comes: json_error() is then what the text lacks. */
void json_no_more(struct json *json);

void json_extend(struct json *json, const char *text, size_t len);

#endif
