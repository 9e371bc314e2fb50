/* backoff: how long to wait before a failed command is run again.
 *
 * A function of its inputs alone: the clock and the random source are the caller's.  Full jitter
 * (retry.h): after the nth consecutive failure the wait is uniform between 0 and 1 s * 2^(n-1), at
 * most `longest`. */
#ifndef BACKOFF_H
#define BACKOFF_H

#include <stdint.h>

/* The upper limit of `longest`: 30 days, in microseconds. */
#define BACKOFF_LONGEST ((int64_t)30 * 86400 * 1000000)

struct backoff {
    int64_t longest;   /* microseconds */
    unsigned failures; /* consecutive */
};

/* After a failure: how long to wait, in microseconds.  random is uniform over its 32 bits. */
int64_t backoff_failure(struct backoff *backoff, uint32_t random);

/* After a success, or progress: the next failure counts as the first. */
void backoff_reset(struct backoff *backoff);

#endif
