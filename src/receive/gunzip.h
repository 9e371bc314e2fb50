/* gunzip: a body that arrives compressed (RFC 1952), part by part, into a bounded buffer. */
#ifndef GUNZIP_H
#define GUNZIP_H

#include "receive/buffer.h"

#include <zlib.h>

struct gunzip {
    z_stream stream;
    bool open;   /* the stream has memory */
    bool inside; /* a member has begun and not ended */
};

enum gunzip_result {
    GUNZIP_GOOD,
    GUNZIP_BAD, /* this is not gzip */
    GUNZIP_TOO_LARGE,
    GUNZIP_NO_MEMORY,
};

/* Begins; takes no memory yet. */
void gunzip_begin(struct gunzip *gunzip);

/* Unpacks a part, with as many members (RFC 1952 section 2.2) as there are, and appends it to the
 * buffer, which stops at its limit: a small body that becomes a very large one costs no more. */
enum gunzip_result gunzip_add(struct gunzip *gunzip, struct span part, struct buffer *buffer);

/* Whether the body may end here: after a member. */
bool gunzip_is_whole(const struct gunzip *gunzip);

void gunzip_free(struct gunzip *gunzip);

#endif
