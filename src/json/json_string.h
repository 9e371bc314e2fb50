/* json_string: the contents of JSON strings, decoded and encoded (RFC 8259 section 7). */
#ifndef JSON_STRING_H
#define JSON_STRING_H

#include "base/span.h"

/* Decodes a string's content (the bytes between the quotes, as a reader accepted it) into the
 * `size` bytes at `out`; *len is the decoded length.  Escapes of UTF-16 pairs become one character.
 * False: it does not fit, or an escape is half of a pair, which UTF-8 cannot represent. */
bool json_string_decode(struct span content, char *out, size_t size, size_t *len);

/* Encodes the bytes at `text` as the content of a string, as it must be between quotes.  Encodes
 * the first bytes of *text that give at most `size` bytes (6 or more), writes them to `out`, moves
 * *text past them and returns how many were written.  0 when *text is empty.  UTF-8 is unchanged;
 * '"', '\' and control characters are escaped. */
size_t json_string_encode(struct span *text, char *out, size_t size);

#endif
