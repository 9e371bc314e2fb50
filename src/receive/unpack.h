/* unpack: a body that arrives compressed (RFC 1952), part by part, into a bounded buffer. */
#ifndef UNPACK_H
#define UNPACK_H

#include "receive/buffer.h"

#include <zlib.h>

struct unpack {
    z_stream stream;
    bool open;   /* the stream has memory */
    bool inside; /* a member has begun and not ended */
};

enum unpack_result {
    UNPACK_GOOD,
    UNPACK_BAD, /* this is not gzip */
    UNPACK_TOO_LARGE,
    UNPACK_NO_MEMORY,
};

/* Begins; takes no memory yet. */
void unpack_begin(struct unpack *unpack);

/* Unpacks a part, with as many members (RFC 1952 section 2.2) as there are, and appends it to the
 * buffer, which stops at its limit: a small body that becomes a very large one costs no more. */
enum unpack_result unpack_add(struct unpack *unpack, struct span part, struct buffer *buffer);

/* Whether the body may end here: after a member. */
bool unpack_is_whole(const struct unpack *unpack);

void unpack_free(struct unpack *unpack);

#endif
