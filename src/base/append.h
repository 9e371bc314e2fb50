/* append: a file to which several runs and several processes append lines (--rejects, --receipts).
 *
 * Lines stay whole: each append takes an advisory lock on the file and writes whole lines only, so
 * that processes that use this module never mix their lines, however long these are.  If the file
 * does not end with a newline, because a process was killed or the disk was full, the next append
 * writes one first, so that the torn line stays a line of its own.
 *
 * The file is opened once.  If it is renamed (logrotate), lines are still appended to it under its
 * new name until the process ends.
 *
 * Other files (a pipe, /dev/null) are written to without a lock. */
#ifndef APPEND_H
#define APPEND_H

#include "base/span.h"

struct append {
    int fd;           /* -1 while no file is open */
    const char *name; /* for messages */
    bool regular;     /* a regular file: it is locked, and its end is checked */
    bool readable;    /* also opened for reading, which the check of its end needs */
    char *buffer;     /* whole lines that are not written yet */
    size_t used;
    char *part; /* the last bytes of a line in parts */
    size_t part_used;
    int spill;       /* a nameless temporary file for its first bytes; -1: none yet */
    bool spilled;    /* it is not empty */
    bool parts;      /* a line in parts has begun */
    bool parts_open; /* its last byte so far is not a newline */
    int error;       /* errno of the first failure, else 0; nothing is written after a failure */
    bool told;       /* the error was reported */
};

/* Opens the file for appending and creates it if it does not exist.  `file` must stay valid.  False
 * with errno set; fd is then -1. */
bool append_open(struct append *append, const char *file);

/* Appends one line, which is the pieces one after the other; a newline is added.  The line is
 * written by append_flush() or earlier, and its bytes are not needed afterwards.  False once a
 * write has failed: append->error is the reason. */
bool append_line(struct append *append, const struct span *piece, size_t pieces);

/* Appends one line that comes in parts because it may be too large for memory.  Bytes beyond 64 KiB
 * are kept in a temporary file beside the file (or in $TMPDIR or /tmp) until append_parts_end()
 * appends all parts as one line, with a newline at the end if they have none.  Lines of
 * append_line() may come in between.  Without parts, append_parts_end() does nothing. */
bool append_part(struct append *append, struct span bytes);
bool append_parts_end(struct append *append);

/* Writes the lines that are not written yet. */
bool append_flush(struct append *append);

/* Flushes, closes and frees; a line in parts that has not ended is ended.  False if that or
 * anything earlier has failed: append->error is the reason. */
bool append_close(struct append *append);

#endif
