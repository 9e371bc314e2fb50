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
    size_t next;      /* the index of the next name */
    FILE *from;       /* the open list */
    char *line;       /* getdelim(3)'s */
    size_t line_size;
    bool at_end;
    struct names_chunk *chunk; /* the names that came from the list */
};

/* Begins with the operands, which must stay valid, or with the list; "-" is standard input.  False
 * after a message: both are given, or the list cannot be opened. */
bool names_begin(struct names *names, char *const *operand, size_t operands, const char *list);

/* The next name, "-" for standard input; valid until names_end().  NULL: there are no more.  A name
 * that is empty, or that is "-" in a list on standard input, is a message and STATUS_FAILED, and is
 * skipped, as in GNU wc. */
const char *names_next(struct names *names);

/* Whether the name, which is no file's, shows that the list has a name a line: it came from a list
 * and contains a newline. */
bool names_are_lines(const struct names *names, const char *name);

/* The list's name for messages. */
const char *names_list(const struct names *names);

/* Whether there are certainly more names. */
bool names_left(const struct names *names);

void names_end(struct names *names);

#endif
