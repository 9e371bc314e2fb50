#include "config.h"

#include "deliver/gzip.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

enum {
    GZIP_FORMAT = 15 + 16, /* the largest window, and gzip's header and trailer */
    GZIP_MEMORY = 8,
    GZIP_EXTRA = 64, /* header and trailer, beyond compressBound()'s own */
};

size_t gzip_bound(size_t len)
{
    return compressBound(len) + GZIP_EXTRA;
}

static unsigned least(size_t len)
{
    return len < UINT_MAX ? (unsigned)len : UINT_MAX;
}

bool gzip_compress(const struct edit *body, char *to, size_t size, size_t *len)
{
    z_stream stream = {.next_out = (Bytef *)to};
    int state = deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_FORMAT, GZIP_MEMORY,
                             Z_DEFAULT_STRATEGY);
    for (size_t i = 0; state == Z_OK && i <= body->count; i++) {
        bool last = i == body->count;
        struct span left = last ? (struct span){"", 0} : body->piece[i].bytes;
        do {
            stream.next_in = (Bytef *)(uintptr_t)left.at;
            stream.avail_in = least(left.len);
            stream.avail_out = least(size - stream.total_out);
            size_t given = stream.avail_in;
            state = deflate(&stream, last ? Z_FINISH : Z_NO_FLUSH);
            left.at += given - stream.avail_in;
            left.len -= given - stream.avail_in;
        } while (state == Z_OK && (left.len > 0 || last) && stream.total_out < size);
        if (left.len > 0 || (!last && state == Z_BUF_ERROR))
            state = Z_BUF_ERROR;
    }
    *len = stream.total_out;
    deflateEnd(&stream);
    return state == Z_STREAM_END;
}

/* Makes room for more output, for one byte more than `most` at most. */
static bool grow(z_stream *stream, char **to, size_t *size, size_t most, size_t len)
{
    size_t wanted = *size > most / 2 ? most + 1 : 2 * *size;
    char *grown = realloc(*to, wanted);
    if (grown == NULL)
        return false;
    *to = grown;
    *size = wanted;
    stream->next_out = (Bytef *)grown + len;
    return true;
}

bool gzip_expand(struct span bytes, size_t most, char **to, size_t *len, const char **wrong)
{
    z_stream stream = {0};
    size_t size = 4 * bytes.len + 1024;
    if (size > most)
        size = most + 1;
    *len = 0;
    *wrong = "there is not enough memory";
    *to = malloc(size);
    int state = *to != NULL ? inflateInit2(&stream, GZIP_FORMAT) : Z_MEM_ERROR;
    stream.next_out = (Bytef *)*to;
    while (state == Z_OK) {
        stream.next_in = (Bytef *)(uintptr_t)bytes.at;
        stream.avail_in = least(bytes.len);
        stream.avail_out = least(size - *len);
        size_t given = stream.avail_in, room = stream.avail_out;
        state = inflate(&stream, Z_NO_FLUSH);
        bytes.at += given - stream.avail_in;
        bytes.len -= given - stream.avail_in;
        *len += room - stream.avail_out;
        if (*len > most) {
            *wrong = "it is too large when it is decompressed";
            state = Z_BUF_ERROR;
        } else if (state == Z_STREAM_END && bytes.len > 0) {
            state = inflateReset(&stream); /* another member */
        } else if (state == Z_OK && stream.avail_out == 0) {
            state = grow(&stream, to, &size, most, *len) ? Z_OK : Z_MEM_ERROR;
        } else if (state == Z_BUF_ERROR || (state == Z_OK && bytes.len == 0)) {
            *wrong = "its gzip data is cut off";
            state = Z_BUF_ERROR;
        } else if (state != Z_OK && state != Z_STREAM_END && state != Z_MEM_ERROR) {
            *wrong = "its gzip data is damaged";
        }
    }
    inflateEnd(&stream);
    if (state == Z_STREAM_END)
        return true;
    free(*to);
    *to = NULL;
    return false;
}
