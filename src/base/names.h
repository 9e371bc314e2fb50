/* names: which files are input: the operands, or the names in a list (--files0-from). */
#ifndef NAMES_H
#define NAMES_H

#include "base/span.h"

#include <stdio.h>

struct names_chunk;

struct names {
    char *const *operand;
    size_t operands;  /* none means standard input */
    const char *list; /* the file with the names, each ended by a NUL byte; NULL: there is none */
    size_t next;      /* the name that comes next, counted from 0 */
    FILE *from;       /* the open list */
    char *line;       /* getdelim(3)'s */
    size_t line_size;
    bool at_end;
    struct names_chunk *chunk; /* the names that came from the list */
};

/* Begins with the operands, which must stay, or with the list, where "-" is standard input.  False
 * after a message: there are both, or the list cannot be opened. */
bool names_begin(struct names *names, char *const *operand, size_t operands, const char *list);

/* The next name, "-" for standard input; it stays until names_end().  NULL: none is left.  A name
 * that is empty, and one that is "-" in a list on standard input, is a message and STATUS_FAILED,
 * and is passed over, as GNU wc does. */
const char *names_next(struct names *names);

/* Whether more names are known to come. */
bool names_left(const struct names *names);

void names_end(struct names *names);

#endif
