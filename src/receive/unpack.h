/* unpack: decompresses a body (RFC 1952) as it arrives, part by part, into a bounded buffer. */
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

/* Decompresses a part, with all its members (RFC 1952 section 2.2), and appends it to the buffer,
 * up to the buffer's limit: a small body that expands to a very large one uses no more memory. */
enum unpack_result unpack_add(struct unpack *unpack, struct span part, struct buffer *buffer);

/* Whether the body may end here: after a member. */
bool unpack_is_whole(const struct unpack *unpack);

void unpack_free(struct unpack *unpack);

#endif
