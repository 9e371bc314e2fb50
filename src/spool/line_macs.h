/* line_macs: counts the lines of files and computes their MACs, piece by piece while something else
 * runs.
 *
 * The files are one input: lines are numbered over all of them, from 1, and a line's MAC (mac.h) is
 * computed from its number and its bytes without the newline. */
#ifndef LINE_MACS_H
#define LINE_MACS_H

#include "base/mac.h"
#include "spool/filelines.h"

struct line_macs {
    struct filelines lines; /* of the file that is being read */
    bool open;              /* there is one */
    bool failed;            /* no memory: from there on lines are only counted */
    uint64_t *mac;          /* of each line … */
    unsigned char *blank;   /* … and its span_is_blank() */
    size_t stored, capacity;
    size_t count; /* lines of all files so far, including the one that is being read */
    size_t first; /* lines of the files before it */
};

/* Counts so many lines, of files before the first one. */
void line_macs_skip(struct line_macs *macs, size_t lines);

/* Begins with a file, which is read with pread(2) and stays the caller's. */
void line_macs_open(struct line_macs *macs, int fd);

/* Continues for about a quarter of a millisecond; mac NULL: only counts.  False: the end of the
 * file, which is closed; *lines is how many it has, and *error 0, or the errno that ended the
 * reading early: its lines then do not count. */
bool line_macs_step(struct line_macs *macs, struct mac *mac, size_t *lines, int *error);

/* Drops the file that is being read, with its lines. */
void line_macs_drop(struct line_macs *macs);

/* Frees everything. */
void line_macs_end(struct line_macs *macs);

#endif
