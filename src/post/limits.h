/* limits: what a service would silently cut off an event, or lose. */
#ifndef LIMITS_H
#define LIMITS_H

#include "base/timestamp.h"
#include "json/json.h"

/* The content's bytes, decoded, of the longest string in the text, which is JSON; names of members
 * count too. */
size_t limits_longest_string(struct span text);

/* The time that a service takes for an event's: the object's member of that name, as a time in one
 * of the forms of timestamp.h or as a number since 1970 (of seconds, milliseconds, microseconds or
 * nanoseconds, by its size), or a string of that; where there is none, the time of the event that
 * the object itself is.  member may be NULL.  False: none is known. */
bool limits_time(struct json *json, struct span object, const char *member, struct timestamp *time);

#endif
