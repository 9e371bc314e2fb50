/* json_string: the contents of JSON strings, decoded and encoded (RFC 8259 section 7). */
#ifndef JSON_STRING_H
#define JSON_STRING_H

#include "base/span.h"

/* Decodes a string's content (what is between the quotes, as a reader accepted it) into the
 * `size` bytes at `out`; *len is what it takes.  Escapes of UTF-16 pairs become one character.
 * False: it does not fit, or an escape is half of a pair, which no UTF-8 can say. */
bool json_string_decode(struct span content, char *out, size_t size, size_t *len);

/* The content of a string that means the bytes at `text`: as it has to be between quotes.  Takes
 * the first bytes of *text that give at most `size` bytes (6 or more), writes them to `out`, moves
 * *text past them and returns how many were written.  0 when *text is empty.  UTF-8 is left as it
 * is; '"', '\' and control characters are escaped. */
size_t json_string_encode(struct span *text, char *out, size_t size);

#endif
