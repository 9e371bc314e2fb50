/* amount: sizes and durations as users write them. */
#ifndef AMOUNT_H
#define AMOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads the whole number at the beginning of *text and moves past it.  False: there is none, or it
 * is above UINT64_MAX. */
bool amount_number(const char **text, uint64_t *number);

/* Reads a size as GNU tools write it: 40MB is 40,000,000 bytes, 40MiB and 40M are 41,943,040, and
 * 40 is 40 bytes.  False: it is not a size, or above SIZE_MAX. */
bool amount_size(const char *text, size_t *bytes);

/* Reads a duration in seconds: 7d 12h 30m 45s 2w 1y (365 days), or several together.  False: it is
 * not a duration. */
bool amount_duration(const char *text, int64_t *seconds);

/* The same in microseconds, with milliseconds as a unit too: 250ms, 1s500ms.  At most 10,000 years,
 * so that adding it to a clock cannot overflow. */
bool amount_interval(const char *text, int64_t *microseconds);

#endif
