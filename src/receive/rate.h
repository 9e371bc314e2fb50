/* rate: a limit on requests a second (a token bucket that holds a second's worth). */
#ifndef RATE_H
#define RATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct rate {
    uint64_t most; /* requests a second; 0: no limit */
    pthread_mutex_t lock;
    double left; /* requests that may come now */
    int64_t at;  /* when `left` was computed: microseconds of a steady clock */
};

void rate_begin(struct rate *rate, uint64_t most);

/* Whether one more request is allowed now.  Any thread may call it. */
bool rate_take(struct rate *rate, int64_t now);

#endif
