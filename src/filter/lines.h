/* lines: the records of NDJSON input, one a line. */
#ifndef LINES_H
#define LINES_H

#include "base/input.h"

struct record {
    struct span text;   /* without its newline; stays until the next record is asked for */
    const char *source; /* the file's name */
    size_t line;        /* counted from 1 */
    bool too_long;      /* longer than the limit; text is empty, the bytes went to too_long() */
    bool cut;           /* reading was stopped inside the line; text is its first bytes */
};

struct lines {
    struct input *input;
    size_t limit;  /* bytes of the longest record */
    size_t line;   /* the line read last */
    size_t passed; /* bytes of the unfinished line in which no newline was found */
    bool open;     /* a file is open */
    void (*too_long)(void *context, struct span chunk); /* takes an over-long line in parts */
    void *context;
};

/* Begins to read lines; input and limits are set by then. */
void lines_begin(struct lines *lines, struct input *input, size_t limit);

/* The next line that is not blank.  A last line without a newline counts.  False: no file is left.
 * What failed is a message and STATUS_FAILED. */
bool lines_next(struct lines *lines, struct record *record);

#endif
