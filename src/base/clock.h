/* clock: a clock that only goes forward, and the units of its times.
 *
 * Moments and durations are int64_t in microseconds throughout.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

#define CLOCK_MS     ((int64_t)1000)
#define CLOCK_SECOND ((int64_t)1000000)

/* Microseconds since an arbitrary moment in the past (CLOCK_MONOTONIC). */
int64_t clock_now(void);

#endif
