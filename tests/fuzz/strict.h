/* strict: a second reader of JSON (RFC 8259), with which the fuzz targets compare the tools' own.
 *
 * Plain, slow, recursive, written from the RFC's grammar and not from src/json.c. */
#ifndef STRICT_H
#define STRICT_H

#include "base/span.h"

enum { STRICT_DEPTH = 1024 }; /* nested values */

/* Whether the text is one JSON value, with nothing but white space around it. */
bool strict_json(struct span text);

/* Copies a text that is JSON without the white space between its tokens; out has text.len bytes.
 * Returns how many were written. */
size_t strict_compact(struct span text, char *out);

/* Decodes a string's content into out, which has content.len bytes.  False: half of a surrogate
 * pair. */
bool strict_decode(struct span content, char *out, size_t *len);

/* The n-th member, from 0, of the text, which is an object, unchanged: the name without its quotes,
 * and the value.  False: the text is not an object, or has no such member. */
bool strict_member(struct span text, size_t n, struct span *name, struct span *value);

#endif
