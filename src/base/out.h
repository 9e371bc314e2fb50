/* out: buffered output whose every write is checked. */
#ifndef OUT_H
#define OUT_H

#include "base/edit.h"
#include "base/span.h"

struct out {
    int fd;
    const char *name; /* for messages: "standard output", or a file's name */
    char *buffer;
    size_t used;
    int error; /* errno of the first write that failed, else 0; nothing is written after it */
    bool told; /* the user has been told of it */
};

/* Begins output to an open descriptor.  name must stay.  False: no memory. */
bool out_begin(struct out *out, int fd, const char *name);

/* Opens the file for appending, made if it is not there.  False with errno set. */
bool out_append(struct out *out, const char *file);

/* Writes bytes, or an edited record; the bytes are not needed afterwards.  False once a write has
 * failed: out->error says why. */
bool out_write(struct out *out, struct span bytes);
bool out_edit(struct out *out, const struct edit *edit);

/* Writes what the buffer holds. */
bool out_flush(struct out *out);

/* Flushes, closes and frees.  False if that or any earlier write failed: out->error says why. */
bool out_close(struct out *out);

#endif
