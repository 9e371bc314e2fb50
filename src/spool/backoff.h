/* backoff: how long to wait before a command that has failed is run again.
 *
 * A function of its inputs alone: the clock and the random source are the caller's.  Full jitter
 * (retry.h): after the nth failure in a row the wait is uniform between 0 and 1 s * 2^(n-1), at
 * most `longest`.
 */
#ifndef BACKOFF_H
#define BACKOFF_H

#include <stdint.h>

/* The longest value that `longest` may have: 30 days, in microseconds. */
#define BACKOFF_LONGEST ((int64_t)30 * 86400 * 1000000)

struct backoff {
    int64_t longest;   /* microseconds */
    unsigned failures; /* in a row */
};

/* A failure: how long to wait, in microseconds.  random is uniform over its 32 bits. */
int64_t backoff_failure(struct backoff *backoff, uint32_t random);

/* A success, or progress: the next failure is the first again. */
void backoff_reset(struct backoff *backoff);

#endif
