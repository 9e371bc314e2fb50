/* gzip: a body in one piece, compressed (RFC 1952), through zlib. */
#ifndef GZIP_H
#define GZIP_H

#include "json/edit.h"

/* The maximum size of `len` bytes after compression. */
size_t gzip_bound(size_t len);

/* Compresses the pieces, one after the other, into `size` bytes at `to`; *len is the compressed
 * length.  False: no memory, or it does not fit. */
bool gzip_compress(const struct edit *body, char *to, size_t size, size_t *len);

/* Decompresses gzip data, one member or several, to *to, which the caller frees; *len is its
 * length.  False, and what is wrong: it is not gzip data, is truncated, would be larger than `most`
 * bytes, or there is no memory; *to is then NULL. */
bool gzip_expand(struct span bytes, size_t most, char **to, size_t *len, const char **wrong);

#endif
