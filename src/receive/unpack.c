#include "config.h"

#include "receive/unpack.h"

#include <limits.h>

void unpack_begin(struct unpack *unpack)
{
    *unpack = (struct unpack){.open = false};
}

/* Begins a member. */
static bool begin_member(struct unpack *unpack)
{
    enum { GZIP_ONLY = 16 };
    int error = unpack->open ? inflateReset(&unpack->stream)
                             : inflateInit2(&unpack->stream, MAX_WBITS + GZIP_ONLY);
    unpack->open = unpack->inside = error == Z_OK;
    return unpack->open;
}

static enum unpack_result reserve(struct buffer *buffer)
{
    enum { MOST = 256 * 1024 };
    size_t left = buffer->limit - buffer->len;
    if (left == 0)
        return UNPACK_TOO_LARGE;
    if (buffer->len < buffer->capacity)
        return UNPACK_GOOD;
    size_t count = buffer->len < MOST ? buffer->len + 1 : MOST;
    return buffer_reserve(buffer, count < left ? count : left) == BUFFER_GOOD ? UNPACK_GOOD
                                                                              : UNPACK_NO_MEMORY;
}

/* If the buffer is full, checks that no more output would follow: none may. */
static enum unpack_result inflate_past_limit(struct unpack *unpack)
{
    unsigned char byte;
    unpack->stream.next_out = &byte;
    unpack->stream.avail_out = 1;
    int error = inflate(&unpack->stream, Z_NO_FLUSH);
    if (unpack->stream.avail_out == 0)
        return UNPACK_TOO_LARGE;
    if (error == Z_STREAM_END)
        unpack->inside = false;
    return error == Z_OK || error == Z_STREAM_END || error == Z_BUF_ERROR ? UNPACK_GOOD
                                                                          : UNPACK_BAD;
}

/* Decompresses some of the part into the buffer. */
static enum unpack_result step(struct unpack *unpack, struct buffer *buffer)
{
    enum unpack_result result = reserve(buffer);
    if (result == UNPACK_TOO_LARGE)
        return inflate_past_limit(unpack);
    if (result != UNPACK_GOOD)
        return result;
    size_t room = buffer->capacity < buffer->limit ? buffer->capacity : buffer->limit;
    room -= buffer->len;
    unpack->stream.next_out = (unsigned char *)buffer->bytes + buffer->len;
    unpack->stream.avail_out = room < UINT_MAX ? (unsigned)room : UINT_MAX;
    unsigned before = unpack->stream.avail_out;
    int error = inflate(&unpack->stream, Z_NO_FLUSH);
    buffer->len += before - unpack->stream.avail_out;
    if (error == Z_STREAM_END)
        unpack->inside = false;
    if (error == Z_OK || error == Z_STREAM_END || error == Z_BUF_ERROR)
        return UNPACK_GOOD;
    return error == Z_MEM_ERROR ? UNPACK_NO_MEMORY : UNPACK_BAD;
}

enum unpack_result unpack_add(struct unpack *unpack, struct span part, struct buffer *buffer)
{
    z_stream *stream = &unpack->stream;
    while (part.len > 0) {
        if (!unpack->inside && !begin_member(unpack))
            return UNPACK_NO_MEMORY;
        unsigned count = part.len < UINT_MAX ? (unsigned)part.len : UINT_MAX;
        stream->next_in = (unsigned char *)part.at;
        stream->avail_in = count;
        /* A full output may leave bytes inside zlib although the part is used up. */
        do {
            enum unpack_result result = step(unpack, buffer);
            if (result != UNPACK_GOOD)
                return result;
        } while (unpack->inside && (stream->avail_in > 0 || stream->avail_out == 0));
        part.at += count - stream->avail_in;
        part.len -= count - stream->avail_in;
    }
    return UNPACK_GOOD;
}

bool unpack_is_whole(const struct unpack *unpack)
{
    return unpack->open && !unpack->inside;
}

void unpack_free(struct unpack *unpack)
{
    if (unpack->open)
        inflateEnd(&unpack->stream);
    unpack->open = false;
}
