/* limits: what a service would truncate or drop silently. */
#ifndef LIMITS_H
#define LIMITS_H

#include "base/timestamp.h"
#include "json/json.h"

/* The length in bytes, decoded, of the longest string in the text, which is JSON; member names
 * count too. */
size_t limits_longest_string(struct span text);

/* The time that a service takes as an event's: the value of the object's member of that name, as a
 * time in one of the forms of timestamp.h, a number since 1970 (of seconds, milliseconds,
 * microseconds or nanoseconds, by its size), or a string of either; without such a member, the
 * event's own time.  member may be NULL.  False: no time is known. */
bool limits_time(struct json *json, struct span object, const char *member, struct timestamp *time);

#endif
