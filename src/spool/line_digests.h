/* line_digests: the digests of the lines of files, computed piece by piece while something else
 * runs.
 *
 * A line's digest is the first eight bytes of the SHA-256 of the line without its newline, as a
 * number: the 16 hexadecimal digits of `digest` in a receipt.
 */
#ifndef LINE_DIGESTS_H
#define LINE_DIGESTS_H

#include "spool/filelines.h"

struct line_digests {
    struct filelines lines; /* of the file that is being read */
    bool open;              /* there is one */
    uint64_t *digest;       /* NULL: nothing was begun */
    unsigned char *blank;   /* filelines_is_blank(), a line */
    size_t count;           /* lines that are computed */
    size_t most;            /* lines of the files so far */
};

/* Begins, for so many lines of all files together.  False: no memory; there is nothing to end. */
bool line_digests_begin(struct line_digests *digests, size_t lines);

/* Goes on with the first lines of another file, which is read with pread(2).  The descriptor is
 * closed when they are computed. */
void line_digests_add(struct line_digests *digests, int fd, size_t lines);

/* Computes some more, about half a millisecond's worth.  False: all are computed, or those that can
 * be. */
bool line_digests_step(struct line_digests *digests);

void line_digests_end(struct line_digests *digests);

/* The digest of one line.  False: libcrypto cannot compute it. */
bool line_digest(struct span line, uint64_t *digest);

#endif
