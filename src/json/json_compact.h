/* json_compact: removes the insignificant white space from a JSON text (RFC 8259 section 2). */
#ifndef JSON_COMPACT_H
#define JSON_COMPACT_H

#include "base/span.h"

/* Copies a text that the reader has accepted, without the white space between its tokens, to `out`,
 * which has room for text.len bytes and does not overlap it.  Returns the number of bytes written.
 * (In a text that was not accepted, removing white space could join two numbers.) */
size_t json_compact(struct span text, char *out);

#endif
