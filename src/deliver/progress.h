/* progress: one line on a terminal that says how far a delivery is, and the last one that stays. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress_counts {
    size_t delivered; /* lines, those that were there already included */
    size_t rejected;
    size_t undelivered;
    size_t in_flight; /* requests */
    size_t retrying;  /* requests that wait to be tried again */
};

struct progress {
    bool on;
    int64_t began, next;   /* microseconds */
    int64_t measured;      /* when the rate was last taken … */
    size_t measured_count; /* … at this many delivered */
    double rate;           /* delivered a second */
};

/* Begins; with `on` false every other call does nothing.  While the line stands there, a message
 * takes it away first. */
void progress_begin(struct progress *progress, bool on, int64_t now);

/* Draws the line anew if it is time; progress->next says when it is again. */
void progress_draw(struct progress *progress, int64_t now, const struct progress_counts *counts);

/* Takes the line away and writes the summary. */
void progress_end(struct progress *progress, int64_t now, const struct progress_counts *counts);

#endif
