/* nearest: the valid names that a misspelt one probably means, for a message ("did you mean ...?").
 *
 * Names are compared by edit distance: insertions, deletions, substitutions and transpositions of
 * neighbours (optimal string alignment); case is ignored, and '-' and '_' are equal.  A name is
 * near if at most a third of the misspelt name's bytes, rounded up, have to change. */
#ifndef NEAREST_H
#define NEAREST_H

#include "base/span.h"

enum {
    NEAREST_NAMES = 3,   /* names that are kept */
    NEAREST_LENGTH = 64, /* bytes of the longest name that is compared; a longer one is not near */
    NEAREST_MESSAGE = 256, /* size of nearest_message()'s buffer */
};

struct nearest {
    struct span wanted;
    struct span name[NEAREST_NAMES]; /* the nearest first; of equal ones the one offered first */
    size_t distance[NEAREST_NAMES];
    size_t count;
};

/* Begins with the misspelt name, which must stay valid. */
void nearest_begin(struct nearest *nearest, struct span wanted);

/* Considers a correct name; its bytes must stay valid. */
void nearest_offer(struct nearest *nearest, struct span name);

/* Offers each name of a list that ends with NULL. */
void nearest_offer_all(struct nearest *nearest, const char *const names[]);

/* Writes "did you mean 'a', 'b' or 'c'?" into the buffer, "" if no name is near.  Returns it. */
const char *nearest_message(const struct nearest *nearest, char message[NEAREST_MESSAGE]);

/* The number of edits between a and b; `limit` + 1 if more than `limit`. */
size_t nearest_distance(struct span a, struct span b, size_t limit);

#endif
