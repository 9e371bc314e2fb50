/* progress: one line on a terminal that says how far a delivery is. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress_counts {
    const char *verb;  /* what became of the successes: "delivered", "spooled" */
    size_t successes;  /* records */
    size_t failures;   /* records that were rejected or not delivered */
    bool has_requests; /* the sink has work under way: */
    size_t under_way;  /* requests */
    size_t retrying;   /* requests that wait to be tried again */
};

struct progress {
    bool on;
    int64_t began, next;   /* microseconds */
    int64_t measured;      /* when the rate was last taken … */
    size_t measured_count; /* … at this many successes */
    double rate;           /* successes a second */
};

/* Begins; with `on` false every other call does nothing.  A message takes the line away first. */
void progress_begin(struct progress *progress, bool on, int64_t now);

/* Draws the line anew if it is time, cut to the terminal's width; progress->next says when it is
 * again. */
void progress_draw(struct progress *progress, int64_t now, const struct progress_counts *counts);

/* Takes the line away. */
void progress_end(struct progress *progress);

#endif
