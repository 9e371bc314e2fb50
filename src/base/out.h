/* out: buffered output whose every write is checked. */
#ifndef OUT_H
#define OUT_H

#include "base/span.h"

struct out {
    int fd;
    const char *name; /* for messages: "standard output", or a file's name */
    char *buffer;
    size_t used;
    int error; /* errno of the first write that failed, else 0; nothing is written after a failure
                */
    bool told; /* the error was reported */

    /* Called before each write(2); false: the bytes are dropped.  NULL: every write is allowed. */
    bool (*before_write)(void *context);
    void *context;
};

/* Begins output to an open descriptor.  name must stay valid.  False: no memory. */
bool out_begin(struct out *out, int fd, const char *name);

/* Writes bytes, which are not needed afterwards.  False once a write has failed: out->error is the
 * reason. */
bool out_write(struct out *out, struct span bytes);

/* The same with a text that ends with a NUL. */
static inline bool out_text(struct out *out, const char *text)
{
    return out_write(out, span_of(text));
}

/* Room in the buffer for bytes that the caller writes in place, at out->buffer + out->used: at
 * least `least` (up to 4,096), after a flush if necessary.  The caller adds their number to
 * out->used. 0 once a write has failed. */
size_t out_room(struct out *out, size_t least);

/* Writes what the buffer holds. */
bool out_flush(struct out *out);

/* Frees the buffer with its contents; the descriptor stays open. */
void out_free(struct out *out);

/* Flushes, closes and frees.  False if that or any earlier write failed: out->error is the
 * reason. */
bool out_close(struct out *out);

#endif
