/* filelines: the lines of a file of ours, blank ones too, through a buffer that grows with the
 * longest of them. */
#ifndef FILELINES_H
#define FILELINES_H

#include "base/span.h"

#include <stdint.h>

struct filelines {
    int fd; /* read from `position` on with pread(2); its own position stays */
    int64_t position;
    char *buffer;
    size_t start, end, capacity;
    size_t line; /* the number of the line read last, from 1 */
    int error;   /* errno of what ended the reading early; 0: the end was reached */
};

/* Begins at the start of the file, which stays the caller's. */
void filelines_begin(struct filelines *lines, int fd);

/* The next line without its newline, valid until the next call.  A last line without a newline
 * counts, unless `whole`: then it is passed over.  False: the end, or an error. */
bool filelines_next(struct filelines *lines, bool whole, struct span *line);

/* Where the line read last begins in the file. */
int64_t filelines_offset(const struct filelines *lines, struct span line);

void filelines_end(struct filelines *lines);

#endif
