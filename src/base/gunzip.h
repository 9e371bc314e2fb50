/* gunzip: gzip data as it is read (RFC 1952), through zlib: any number of members, one after the
 * other. */
#ifndef GUNZIP_H
#define GUNZIP_H

#include "base/span.h"

#include <sys/types.h>

struct gunzip;

/* Begins anew with bytes that were read already, at most GUNZIP_BUFFER; *gunzip is NULL or was
 * begun before.  False: no memory. */
enum { GUNZIP_BUFFER = 256 * 1024 };
bool gunzip_begin(struct gunzip **gunzip, struct span read);

/* Decompresses up to `room` bytes (at least 1) to `to`, and reads from the descriptor when it has
 * nothing left to decompress, as read(2) does: 0 at the end, -1 with errno set.  If the data is not
 * gzip, or ends in the middle, the result is -1 and *error is why; NULL: errno is. */
ssize_t gunzip_read(struct gunzip *gunzip, int fd, char *to, size_t room, const char **error);

/* Whether gunzip_read() has something to decompress before it reads. */
bool gunzip_pending(const struct gunzip *gunzip);

void gunzip_free(struct gunzip *gunzip);

#endif
