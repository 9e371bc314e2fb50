/* decoder: the text of files, read from a descriptor, one file after the other.
 *
 * gzip is decompressed, and a byte order mark at the beginning is skipped.  An archive, another
 * compression, or text in UTF-16 is recognised by its first bytes and refused. */
#ifndef DECODER_H
#define DECODER_H

#include "base/diag.h"
#include "base/sniff.h"

#include <stdbool.h>
#include <sys/types.h>

struct gzip_reader;

/* Begins zeroed. */
struct decoder {
    bool begun;      /* the kind of file is known */
    bool compressed; /* it is gzip */
    bool refused;    /* it is not read, or not any further */
    /* For a refused file: the command that converts it to text, with FILE as its operand; NULL:
     * none. */
    const char *command;
    char head[SNIFF_ENOUGH]; /* its first bytes, until there are enough to recognise it */
    size_t head_len;
    struct gzip_reader *gzip_reader; /* NULL until the first gzip file */
};

enum { DECODER_REFUSED = -2 };

/* Begins with another file. */
void decoder_next(struct decoder *decoder);

/* Reads up to `room` bytes of text, at least SNIFF_ENOUGH, as read(2) does: 0 at the end, -1 with
 * errno set; never EINTR.  DECODER_REFUSED with a reason: it cannot be read as text; later calls
 * return 0. */
ssize_t decoder_read(struct decoder *decoder, int fd, char *to, size_t room, struct reason *reason);

/* Whether decoder_read() has bytes without reading from the descriptor, which may block. */
bool decoder_pending(const struct decoder *decoder);

/* Whether the rest of the file's bytes are its text without decoding. */
static inline bool decoder_is_plain(const struct decoder *decoder)
{
    return decoder->begun && !decoder->compressed && !decoder->refused;
}

void decoder_free(struct decoder *decoder);

#endif
