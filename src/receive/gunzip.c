#include "config.h"

#include "receive/gunzip.h"

#include <limits.h>

void gunzip_begin(struct gunzip *gunzip)
{
    *gunzip = (struct gunzip){.open = false};
}

/* Begins a member. */
static bool begin_member(struct gunzip *gunzip)
{
    enum { GZIP_ONLY = 16 };
    int error = gunzip->open ? inflateReset(&gunzip->stream)
                             : inflateInit2(&gunzip->stream, MAX_WBITS + GZIP_ONLY);
    gunzip->open = gunzip->inside = error == Z_OK;
    return gunzip->open;
}

static enum gunzip_result reserve(struct buffer *buffer)
{
    enum { MOST = 256 * 1024 };
    size_t left = buffer->limit - buffer->len;
    if (left == 0)
        return GUNZIP_TOO_LARGE;
    if (buffer->len < buffer->capacity)
        return GUNZIP_GOOD;
    size_t count = buffer->len < MOST ? buffer->len + 1 : MOST;
    return buffer_reserve(buffer, count < left ? count : left) == BUFFER_GOOD ? GUNZIP_GOOD
                                                                              : GUNZIP_NO_MEMORY;
}

/* Where the buffer is full, whether anything would follow decides: nothing may. */
static enum gunzip_result inflate_past_limit(struct gunzip *gunzip)
{
    unsigned char byte;
    gunzip->stream.next_out = &byte;
    gunzip->stream.avail_out = 1;
    int error = inflate(&gunzip->stream, Z_NO_FLUSH);
    if (gunzip->stream.avail_out == 0)
        return GUNZIP_TOO_LARGE;
    if (error == Z_STREAM_END)
        gunzip->inside = false;
    return error == Z_OK || error == Z_STREAM_END || error == Z_BUF_ERROR ? GUNZIP_GOOD
                                                                          : GUNZIP_BAD;
}

/* Unpacks some of the part into the buffer. */
static enum gunzip_result step(struct gunzip *gunzip, struct buffer *buffer)
{
    enum gunzip_result result = reserve(buffer);
    if (result == GUNZIP_TOO_LARGE)
        return inflate_past_limit(gunzip);
    if (result != GUNZIP_GOOD)
        return result;
    size_t room = buffer->capacity < buffer->limit ? buffer->capacity : buffer->limit;
    room -= buffer->len;
    gunzip->stream.next_out = (unsigned char *)buffer->bytes + buffer->len;
    gunzip->stream.avail_out = room < UINT_MAX ? (unsigned)room : UINT_MAX;
    unsigned before = gunzip->stream.avail_out;
    int error = inflate(&gunzip->stream, Z_NO_FLUSH);
    buffer->len += before - gunzip->stream.avail_out;
    if (error == Z_STREAM_END)
        gunzip->inside = false;
    if (error == Z_OK || error == Z_STREAM_END || error == Z_BUF_ERROR)
        return GUNZIP_GOOD;
    return error == Z_MEM_ERROR ? GUNZIP_NO_MEMORY : GUNZIP_BAD;
}

enum gunzip_result gunzip_add(struct gunzip *gunzip, struct span part, struct buffer *buffer)
{
    z_stream *stream = &gunzip->stream;
    while (part.len > 0) {
        if (!gunzip->inside && !begin_member(gunzip))
            return GUNZIP_NO_MEMORY;
        unsigned count = part.len < UINT_MAX ? (unsigned)part.len : UINT_MAX;
        stream->next_in = (unsigned char *)part.at;
        stream->avail_in = count;
        /* A full output may leave bytes inside zlib although the part is used up. */
        do {
            enum gunzip_result result = step(gunzip, buffer);
            if (result != GUNZIP_GOOD)
                return result;
        } while (gunzip->inside && (stream->avail_in > 0 || stream->avail_out == 0));
        part.at += count - stream->avail_in;
        part.len -= count - stream->avail_in;
    }
    return GUNZIP_GOOD;
}

bool gunzip_is_whole(const struct gunzip *gunzip)
{
    return gunzip->open && !gunzip->inside;
}

void gunzip_free(struct gunzip *gunzip)
{
    if (gunzip->open)
        inflateEnd(&gunzip->stream);
    gunzip->open = false;
}
