/* flood: of many messages of one kind the first ten are printed, and the others are counted.
 *
 * Two messages are of one kind if they differ only in numbers and in quoted parts. */
#ifndef FLOOD_H
#define FLOOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FLOOD_TOLD = 10,  /* of one kind */
    FLOOD_KINDS = 64, /* all kinds beyond these count as one */
};

struct flood_kind {
    uint64_t hash;
    size_t count;
    char *last; /* the text that was printed last, if the next ones of its kind are only counted */
};

struct flood {
    bool all; /* --verbose: every message is printed */
    struct flood_kind kind[FLOOD_KINDS];
    size_t kinds;
};

enum flood_turn {
    FLOOD_TELL,
    FLOOD_TELL_LAST, /* print it, and say that others like this are only counted */
    FLOOD_COUNT,     /* do not print it */
};

/* Counts a message, and returns whether to print it.  A flood begins zeroed. */
enum flood_turn flood_note(struct flood *flood, const char *text);

/* Prints how many of each kind were not printed, and frees: "… and 19,990 more like the last:
 * TEXT". */
void flood_end(struct flood *flood);

/* Writes the number with a comma between thousands; `text` has room for 27 characters. */
enum { FLOOD_NUMBER = 28 };
const char *flood_number(size_t number, char text[FLOOD_NUMBER]);

#endif
