/* flood: of many messages of one kind the first ten are told, and the others are counted.
 *
 * Two messages are of one kind if they differ only in numbers and in what is quoted.
 */
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
    char *last; /* the text that was told last, once there are no more to come */
};

struct flood {
    bool all; /* --verbose: everything is told */
    struct flood_kind kind[FLOOD_KINDS];
    size_t kinds;
};

enum flood_turn {
    FLOOD_TELL,
    FLOOD_TELL_LAST, /* and that others like this are only counted */
    FLOOD_COUNT,     /* this is not told */
};

/* Counts a message, and says whether it is told.  A flood begins zeroed. */
enum flood_turn flood_note(struct flood *flood, const char *text);

/* Tells how many of each kind were not told, and frees: "… and 19,990 more like the last: TEXT". */
void flood_end(struct flood *flood);

/* Writes the number with a comma between thousands; `text` has room for 27 bytes. */
enum { FLOOD_NUMBER = 28 };
const char *flood_number(size_t number, char text[FLOOD_NUMBER]);

#endif
