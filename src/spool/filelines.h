/* filelines: the lines of one of our files, including blank ones, through a buffer that grows with
 * the longest of them. */
#ifndef FILELINES_H
#define FILELINES_H

#include "base/span.h"

#include <stdint.h>

struct filelines {
    int fd; /* read from `position` on; its own offset is unchanged */
    int64_t position;
    char *buffer;
    size_t start, end, capacity;
    size_t line; /* the number of the last line read, from 1 */
    int error;   /* the errno that ended the reading early; 0: the end was reached */
};

/* Begins at the start of the file, which stays the caller's. */
void filelines_begin(struct filelines *lines, int fd);

/* The next line without its newline, valid until the next call.  A last line without a newline
 * counts, unless `whole`: then it is skipped.  False: the end, or an error. */
bool filelines_next(struct filelines *lines, bool whole, struct span *line);

/* The offset in the file of the last line read. */
int64_t filelines_offset(const struct filelines *lines, struct span line);

void filelines_end(struct filelines *lines);

#endif
