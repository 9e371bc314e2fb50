#include "config.h"

#include "base/gzip_reader.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

enum { GZIP_FORMAT = 15 + 16 }; /* the largest window, and gzip's header and trailer */

struct gzip_reader {
    z_stream stream;
    bool between; /* between members: either another one or the end of the data follows */
    bool full;    /* the output was full: more may come out without further input */
    Bytef buffer[GZIP_READER_BUFFER];
};

bool gzip_reader_begin(struct gzip_reader **gzip_reader, struct span read)
{
    struct gzip_reader *g = *gzip_reader;
    if (read.len > GZIP_READER_BUFFER)
        return false;
    if (g == NULL) {
        g = malloc(sizeof *g);
        if (g == NULL)
            return false;
        g->stream = (z_stream){.next_in = NULL};
        if (inflateInit2(&g->stream, GZIP_FORMAT) != Z_OK) {
            free(g);
            return false;
        }
        *gzip_reader = g;
    }
    inflateReset(&g->stream);
    memcpy(g->buffer, read.at, read.len);
    g->stream.next_in = g->buffer;
    g->stream.avail_in = (uInt)read.len;
    g->between = g->full = false;
    return true;
}

/* Reads compressed bytes: how many, 0 at the end, -1 with errno set. */
static ssize_t refill(struct gzip_reader *g, int fd)
{
    ssize_t n;
    do
        n = read(fd, g->buffer, sizeof g->buffer);
    while (n < 0 && errno == EINTR);
    g->stream.next_in = g->buffer;
    g->stream.avail_in = n > 0 ? (uInt)n : 0;
    return n;
}

/* Between members: skips zero bytes, with which tapes are padded.  False: the next bytes are not a
 * member. */
static bool next_member(struct gzip_reader *g)
{
    while (g->stream.avail_in > 0 && *g->stream.next_in == 0) {
        g->stream.next_in++;
        g->stream.avail_in--;
    }
    if (g->stream.avail_in == 0)
        return true;
    g->between = false;
    return *g->stream.next_in == 0x1f && inflateReset(&g->stream) == Z_OK;
}

static ssize_t fail(int code, const char **error)
{
    errno = ENOMEM;
    *error = code == Z_MEM_ERROR ? NULL : "the gzip data is damaged";
    return -1;
}

ssize_t gzip_reader_read(struct gzip_reader *g, int fd, char *to, size_t room, const char **error)
{
    z_stream *stream = &g->stream;
    unsigned limit = room < UINT_MAX ? (unsigned)room : UINT_MAX;
    *error = NULL;
    stream->next_out = (Bytef *)to;
    stream->avail_out = limit;
    while (stream->avail_out == limit) {
        if (stream->avail_in == 0 && !g->full) {
            ssize_t n = refill(g, fd);
            if (n == 0 && !g->between)
                *error = "the gzip data ends too early; the file was cut";
            if (n <= 0)
                return *error != NULL ? -1 : n;
        }
        if (g->between && !next_member(g)) {
            *error = "something that is not gzip follows the gzip data";
            return -1;
        }
        if (g->between)
            continue;
        int code = inflate(stream, Z_NO_FLUSH);
        g->full = stream->avail_out == 0;
        if (code == Z_STREAM_END)
            g->between = true;
        else if (code != Z_OK && code != Z_BUF_ERROR)
            return fail(code, error);
        g->full = g->full && !g->between;
    }
    return (ssize_t)(limit - stream->avail_out);
}

bool gzip_reader_pending(const struct gzip_reader *g)
{
    return g->stream.avail_in > 0 || g->full;
}

void gzip_reader_free(struct gzip_reader *g)
{
    if (g == NULL)
        return;
    inflateEnd(&g->stream);
    free(g);
}
