/* timestamp: points in time in the forms of events and users.
 *
 * Events write 2022-10-19T22:30:46-07:00, with or without a fraction, 2020-05-02 02:39:22 UTC and
 * 2019-11-24 14:29:30 -0800; users write RFC 3339, a date, or a duration ago. */
#ifndef TIMESTAMP_H
#define TIMESTAMP_H

#include "base/span.h"

#include <stdint.h>

struct timestamp {
    int64_t seconds; /* since 1970-01-01T00:00:00Z, without leap seconds */
    int32_t nanos;   /* 0 to 999,999,999 */
    int32_t offset;  /* seconds east of UTC, as written */
};

/* Whether a is before b, whatever their offsets. */
static inline bool timestamp_is_before(const struct timestamp *a, const struct timestamp *b)
{
    return a->seconds != b->seconds ? a->seconds < b->seconds : a->nanos < b->nanos;
}

struct civil {
    int64_t year;
    int month, day, hour, minute, second;
};

enum { TIMESTAMP_TEXT = 40 }; /* maximum bytes of a time as text */

/* Parses a date and time in one of the events' forms.  False: it is not one, or a time that does
 * not exist (month 13, hour 25; a second 60 counts as the first of the next minute). */
bool timestamp_parse(struct span text, struct timestamp *time);

/* Parses a user's time: one of the events' forms, a date (its first moment, UTC), or a duration
 * ("7d": that long before now, in the year 1 or later).  False: it is not a time. */
bool timestamp_argument(const char *text, const struct timestamp *now, struct timestamp *time);

/* The current time, with the local zone's offset. */
struct timestamp timestamp_now(void);

/* Whether the date, `offset` seconds east of UTC, has a year of four digits: 0001 to 9999. */
bool timestamp_has_year(int64_t seconds, int32_t offset);

/* The calendar date and time of day, `offset` seconds east of UTC. */
struct civil timestamp_civil(int64_t seconds, int32_t offset);

/* Writes 2023-06-02T01:30:01.002-04:00: milliseconds, the time's own offset.  Returns the length.
 */
size_t timestamp_rfc3339(const struct timestamp *time, char text[TIMESTAMP_TEXT]);

/* Writes the time as a number of units since 1970, in decimal: units of 10^-power seconds, power
 * being 0 to 9, with `fraction` digits after the point; power + fraction is at most 9.  Further
 * digits are truncated.  Returns the length. */
size_t timestamp_epoch(const struct timestamp *time, int power, int fraction,
                       char text[TIMESTAMP_TEXT]);

/* Sets the zone that timestamp_zone_offset() uses, for the whole process: a name of the system's
 * database ("Europe/Berlin", "UTC").  False: there is no such zone, or it cannot be read. */
bool timestamp_zone_set(const char *name);

/* The offset of the set zone (or the local zone) from UTC at that time, seconds east. */
int32_t timestamp_zone_offset(int64_t seconds);

#endif
