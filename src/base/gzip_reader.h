/* gzip_reader: decompresses gzip data as it is read (RFC 1952), with zlib: any number of members,
 * one after the other. */
#ifndef GZIP_READER_H
#define GZIP_READER_H

#include "base/span.h"

#include <sys/types.h>

struct gzip_reader;

/* Begins again with bytes that were read already, at most GZIP_READER_BUFFER; *gzip_reader is NULL
 * or was begun before.  False: no memory. */
enum { GZIP_READER_BUFFER = 256 * 1024 };
bool gzip_reader_begin(struct gzip_reader **gzip_reader, struct span read);

/* Decompresses up to `room` bytes (at least 1) to `to`, and reads from the descriptor when it has
 * nothing left to decompress, as read(2) does: 0 at the end, -1 with errno set.  If the data is not
 * gzip, or is truncated, the result is -1 and *error says so; if *error is NULL, errno is set. */
ssize_t gzip_reader_read(struct gzip_reader *gzip_reader, int fd, char *to, size_t room,
                         const char **error);

/* Whether gzip_reader_read() has bytes to decompress before it reads. */
bool gzip_reader_pending(const struct gzip_reader *gzip_reader);

void gzip_reader_free(struct gzip_reader *gzip_reader);

#endif
