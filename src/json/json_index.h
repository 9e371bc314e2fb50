/* json_index: where the tokens of a JSON text begin.
 *
 * The first of the scanner's two steps.  It scans the text in blocks of 64 bytes and lists the
 * offset of every token outside strings: { } [ ] : , the opening quote of a string, and the first
 * byte of anything else.  It also makes the checks that need no grammar: strings contain no control
 * character and only valid escapes (RFC 8259 section 7), the text is UTF-8 (RFC 3629).  The grammar
 * is checked in json.c.
 *
 * The index covers one window at a time, so its memory does not depend on the text's size. */
#ifndef JSON_INDEX_H
#define JSON_INDEX_H

#include "json/json_error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    JSON_WINDOW = 4096
}; /* bytes of text that one call of json_index_fill() covers, a multiple of 64 */

struct json_index {
    const unsigned char *text;
    size_t len;              /* bytes of text */
    size_t next;             /* offset at which the next window begins */
    size_t utf8_next;        /* everything before it is valid UTF-8 */
    uint64_t escaped;        /* 1 if the byte at `next` follows a backslash */
    uint64_t string;         /* all ones if `next` is inside a string, else 0 */
    uint64_t scalar;         /* 1 if the byte before `next` is part of a number or a literal */
    bool backslash;          /* the text has a backslash */
    bool space;              /* there was white space outside strings */
    struct json_error error; /* the first invalid byte; no token after it is listed */

    size_t base; /* the offset to which token offsets are relative */
    unsigned count, used;
    uint32_t token[JSON_WINDOW + 16];
};

/* Begins a new text.  The bytes stay the caller's and must stay in place while the index is used,
 * or until json_index_extend() gets their new place. */
void json_index_begin(struct json_index *index, const char *text, size_t len);

/* Begins the same text again, with the listed tokens if they are the text's first. */
void json_index_rewind(struct json_index *index);

/* Says that the text has grown to len bytes and is now at `text`.  The byte before the old end must
 * have been a '}', a ']' or white space, so that no token, escape or character is divided. */
void json_index_extend(struct json_index *index, const char *text, size_t len);

/* Lists the tokens of the next window that has any, once all those listed are used.  False: there
 * are no more, because the text has ended (error.code is JSON_OK) or a byte is invalid (error says
 * which). */
bool json_index_fill(struct json_index *index);

#endif
