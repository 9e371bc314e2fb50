#include "config.h"

#include "base/out.h"
#include "base/pipe.h"
#include "base/write_all.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { OUT_BUFFER = 256 * 1024 };

bool out_begin(struct out *out, int fd, const char *name)
{
    pipe_grow(fd);
    *out = (struct out){.fd = fd, .name = name, .buffer = malloc(OUT_BUFFER)};
    return out->buffer != NULL;
}

/* Writes all the bytes, past the buffer. */
static bool write_through(struct out *out, struct span bytes)
{
    if (out->before_write != NULL && !out->before_write(out->context))
        return false;
    if (out->error == 0 && !write_all(out->fd, bytes))
        out->error = errno;
    return out->error == 0;
}

bool out_flush(struct out *out)
{
    bool written = write_through(out, (struct span){out->buffer, out->used});
    out->used = 0;
    return written;
}

bool out_write(struct out *out, struct span bytes)
{
    if (bytes.len > OUT_BUFFER - out->used) {
        if (!out_flush(out))
            return false;
        if (bytes.len >= OUT_BUFFER)
            return write_through(out, bytes);
    }
    memcpy(out->buffer + out->used, bytes.at, bytes.len);
    out->used += bytes.len;
    return out->error == 0;
}

size_t out_room(struct out *out, size_t least)
{
    if (OUT_BUFFER - out->used < least && !out_flush(out))
        return 0;
    return out->error == 0 ? OUT_BUFFER - out->used : 0;
}

void out_free(struct out *out)
{
    free(out->buffer);
    out->buffer = NULL;
}

bool out_close(struct out *out)
{
    out_flush(out);
    if (close(out->fd) != 0 && out->error == 0)
        out->error = errno;
    out_free(out);
    return out->error == 0;
}
