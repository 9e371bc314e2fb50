/* progress: one line on a terminal that shows how far a delivery is. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress_counts {
    const char *verb;  /* the outcome of the successes: "delivered", "spooled" */
    size_t successes;  /* records */
    size_t failures;   /* records that were rejected or not delivered */
    bool has_requests; /* the sink has work under way: */
    size_t under_way;  /* requests */
    size_t retrying;   /* requests that wait to be tried again */
};

struct progress {
    bool on;
    int64_t began, next;   /* microseconds */
    int64_t measured;      /* when the rate was last measured … */
    size_t measured_count; /* … at this many successes */
    double rate;           /* successes a second */
};

/* Begins; with `on` false every other call does nothing.  A message erases the line first. */
void progress_begin(struct progress *progress, bool on, int64_t now);

/* Redraws the line if it is time, truncated to the terminal's width; progress->next is the time of
 * the next drawing. */
void progress_draw(struct progress *progress, int64_t now, const struct progress_counts *counts);

/* Erases the line. */
void progress_end(struct progress *progress);

#endif
