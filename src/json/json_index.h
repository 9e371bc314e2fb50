/* json_index: where the tokens of a JSON text begin.
 *
 * The first of the scanner's two steps.  It goes over the text in blocks of 64 bytes and lists
 * the offset of every token outside strings: { } [ ] : , the opening quote of a string, and the
 * first byte of anything else.  On the way it checks what belongs to single bytes: strings hold no
 * control character and only valid escapes (RFC 8259 section 7), the text is UTF-8 (RFC 3629).
 * The grammar is json.h's business.
 *
 * The index covers a window at a time, so its memory is fixed whatever the text's size.
 */
#ifndef JSON_INDEX_H
#define JSON_INDEX_H

#include "json/json_error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_WINDOW = 4096 }; /* bytes of text that one filling covers, a multiple of 64 */

struct json_index {
    const unsigned char *text;
    size_t len;       /* bytes of text */
    size_t next;      /* offset that the next filling begins at */
    size_t utf8_next; /* all before it is checked UTF-8 */
    uint64_t escaped; /* 1 if the byte at `next` follows a backslash */
    uint64_t string;  /* all ones if `next` is inside a string, else 0 */
    uint64_t scalar;  /* 1 if the byte before `next` belongs to a number or a word */
    bool backslash;   /* a backslash was met in the text */
    bool space;       /* white space was met outside strings */
    struct json_error
        error; /* the first byte that is wrong in itself; no token after it is listed */

    size_t base; /* offset that token offsets count from */
    unsigned count, used;
    uint32_t token[JSON_WINDOW + 16];
};

/* Begins a new text.  The bytes stay the caller's and must stay in place until the index is done
 * with or json_index_extend() is told of the new place. */
void json_index_begin(struct json_index *index, const char *text, size_t len);

/* Begins the same text again, with the tokens at hand if they are the text's first. */
void json_index_rewind(struct json_index *index);

/* Tells that the text has grown to len bytes and now lies at `text`.  The byte before the old end
 * must have been a '}', a ']' or white space, so that no token, escape or character is cut. */
void json_index_extend(struct json_index *index, const char *text, size_t len);

/* Lists the tokens of the next window that has any, once all those listed are used.  False: none is
 * left, because the text has ended (error.code is JSON_OK) or a byte is wrong (error says which).
 */
bool json_index_fill(struct json_index *index);

#endif
