#include "config.h"

#include "deliver/gzip.h"

#include <limits.h>
#include <stdint.h>
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
