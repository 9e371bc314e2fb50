/* zone: the time zone in which days, hours and times of events are shown: --timezone. */
#ifndef ZONE_H
#define ZONE_H

#include "event/event.h"

enum zone {
    ZONE_UTC,
    ZONE_RECORD, /* the offset in the event's own time */
    ZONE_SET,    /* the zone of timestamp_zone_set() */
};

/* Parses --timezone's argument: UTC, record, or a zone of the system's database, which is set for
 * the whole process.  False with a reason. */
bool zone_parse(const char *argument, enum zone *zone, struct reason *reason);

/* The same without record: one zone for everything. */
bool zone_parse_fixed(const char *argument, enum zone *zone, struct reason *reason);

/* The offset of a zone other than ZONE_RECORD at that time, seconds east of UTC. */
int32_t zone_offset(enum zone zone, int64_t seconds);

/* The event's date and time of day in the zone; *offset is the zone's, in seconds east of UTC, and
 * may be NULL.  False with a reason: event_time()'s, or the date in the zone is not in the years 1
 * to 9999. */
bool zone_event_time(enum zone zone, const struct event *event, struct civil *civil,
                     int32_t *offset, struct reason *reason);

#endif
