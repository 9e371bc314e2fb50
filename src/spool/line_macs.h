/* line_macs: counts the lines of files and computes their MACs, piece by piece while something else
 * runs.
 *
 * The files are one input: lines are numbered over all of them, from 1, and the MAC (mac.h) of each
 * is that of its number and of the line without its newline.
 */
#ifndef LINE_MACS_H
#define LINE_MACS_H

#include "base/mac.h"
#include "spool/filelines.h"

struct line_macs {
    struct filelines lines; /* of the file that is being read */
    bool open;              /* there is one */
    bool failed;            /* no memory: from there on lines are only counted */
    uint64_t *mac;          /* a line … */
    unsigned char *blank;   /* … and span_is_blank() of it */
    size_t stored, capacity;
    size_t count; /* lines of all files so far, the one that is being read too */
    size_t first; /* lines of the files before it */
};

/* Counts so many lines that are in files before the first one. */
void line_macs_skip(struct line_macs *macs, size_t lines);

/* Begins with a file, which is read with pread(2) and is the caller's. */
void line_macs_open(struct line_macs *macs, int fd);

/* Goes on by a piece of about a quarter of a millisecond; mac NULL: only counts.  False: the end of
 * the file, which is closed; *lines is how many it has, and *error 0, or the errno of what ended
 * the reading early: its lines then do not count. */
bool line_macs_step(struct line_macs *macs, struct mac *mac, size_t *lines, int *error);

/* Forgets the file that is being read, with its lines. */
void line_macs_drop(struct line_macs *macs);

/* Forgets everything. */
void line_macs_end(struct line_macs *macs);

#endif
