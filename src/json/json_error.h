/* json_error: the errors of a JSON text, and their positions. */
#ifndef JSON_ERROR_H
#define JSON_ERROR_H

#include <stddef.h>

enum json_code {
    JSON_OK = 0,
    JSON_ERROR_END,         /* the text ends inside a value */
    JSON_ERROR_STRING,      /* the text ends inside a string */
    JSON_ERROR_VALUE,       /* something else than a value */
    JSON_ERROR_KEY,         /* something else than a member name */
    JSON_ERROR_COLON,       /* no ':' after a member name */
    JSON_ERROR_MEMBER,      /* neither ',' nor '}' after a member */
    JSON_ERROR_ELEMENT,     /* neither ',' nor ']' after an element */
    JSON_ERROR_NUMBER,      /* not a number of RFC 8259 section 6 */
    JSON_ERROR_ZERO,        /* a number with leading zeros */
    JSON_ERROR_CONTROL,     /* a control character in a string */
    JSON_ERROR_ESCAPE,      /* an unknown or incomplete escape */
    JSON_ERROR_UTF8,        /* a byte sequence that is not UTF-8 */
    JSON_ERROR_DEPTH,       /* values nested deeper than JSON_DEPTH */
    JSON_ERROR_AFTER,       /* something after the single value of the text */
    JSON_ERROR_EMPTY,       /* no value at all */
    JSON_ERROR_OBJECT,      /* a value that is not an object, where an object is expected */
    JSON_ERROR_LAST_MEMBER, /* another member in an object that is complete */
};

struct json_error {
    enum json_code code;
    size_t offset; /* bytes from the beginning of the text */
};

/* Writes "byte 17: " and the error, for a message; the byte is counted from 1.  buffer's size is
 * JSON_MESSAGE.  Returns buffer. */
enum { JSON_MESSAGE = 128 };
const char *json_error_message(struct json_error error, char buffer[JSON_MESSAGE]);

/* The error in words, without position: "a number may not begin with zeros". */
const char *json_error_text(enum json_code code);

#endif
