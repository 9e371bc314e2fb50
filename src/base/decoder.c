#include "config.h"

#include "base/decoder.h"
#include "base/gzip_reader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void decoder_next(struct decoder *decoder)
{
    decoder->begun = decoder->compressed = decoder->refused = false;
    decoder->command = NULL;
    decoder->head_len = 0;
}

static ssize_t refuse(struct decoder *decoder, struct reason *reason, const char *why)
{
    reason_set(reason, "%s", why);
    decoder->refused = true;
    return DECODER_REFUSED;
}

/* Reads bytes of the file, decompressed if it is gzip. */
static ssize_t read_bytes(struct decoder *decoder, int fd, char *to, size_t room,
                          struct reason *reason)
{
    const char *error;
    ssize_t n;
    if (decoder->compressed) {
        n = gzip_reader_read(decoder->gzip_reader, fd, to, room, &error);
        return n < 0 && error != NULL ? refuse(decoder, reason, error) : n;
    }
    do
        n = read(fd, to, room);
    while (n < 0 && errno == EINTR);
    return n;
}

/* Examines the first `len` bytes, at `to`, and returns how many of them are text. */
static ssize_t begin_text(struct decoder *decoder, struct sniff what, char *to, size_t len,
                          struct reason *reason)
{
    decoder->begun = true;
    switch (what.kind) {
    case SNIFF_MARKED:
        memmove(to, to + SNIFF_MARK, len - SNIFF_MARK);
        return (ssize_t)(len - SNIFF_MARK);
    case SNIFF_GZIP:
        if (decoder->compressed) {
            decoder->command = "zcat FILE";
            return refuse(decoder, reason, "this is compressed twice");
        }
        decoder->compressed = gzip_reader_begin(&decoder->gzip_reader, (struct span){to, len});
        if (!decoder->compressed)
            return refuse(decoder, reason, strerror(ENOMEM));
        decoder->begun = false;
        return 0;
    case SNIFF_FOREIGN:
        decoder->command = what.command;
        reason_set(reason, "this is %s", what.is);
        decoder->refused = true;
        return DECODER_REFUSED;
    default:
        return (ssize_t)len;
    }
}

/* Reads the first bytes, as many as needed to recognise the file. */
static ssize_t read_first(struct decoder *decoder, int fd, char *to, size_t room,
                          struct reason *reason)
{
    for (;;) {
        size_t len = decoder->head_len;
        memcpy(to, decoder->head, len);
        ssize_t n = read_bytes(decoder, fd, to + len, room - len, reason);
        if (n < 0)
            return n;
        len += (size_t)n;
        struct sniff what = sniff((struct span){to, len}, n == 0);
        decoder->head_len = 0;
        if (what.kind == SNIFF_MORE) {
            memcpy(decoder->head, to, len);
            decoder->head_len = len;
            continue;
        }
        ssize_t text = begin_text(decoder, what, to, len, reason);
        if (text != 0 || n == 0)
            return text;
        /* Only the byte order mark was read, or gzip data. */
        if (decoder->begun)
            return read_bytes(decoder, fd, to, room, reason);
    }
}

ssize_t decoder_read(struct decoder *decoder, int fd, char *to, size_t room, struct reason *reason)
{
    if (decoder->refused)
        return 0;
    return decoder->begun ? read_bytes(decoder, fd, to, room, reason)
                          : read_first(decoder, fd, to, room, reason);
}

bool decoder_pending(const struct decoder *decoder)
{
    return decoder->compressed && !decoder->refused && gzip_reader_pending(decoder->gzip_reader);
}

void decoder_free(struct decoder *decoder)
{
    gzip_reader_free(decoder->gzip_reader);
    decoder->gzip_reader = NULL;
}
