#include "config.h"

#include "event/zone.h"

bool zone_parse(const char *argument, enum zone *zone, struct reason *reason)
{
    *zone = ZONE_RECORD;
    if (strcmp(argument, "record") == 0)
        return true;
    return zone_parse_fixed(argument, zone, reason) ||
           reason_set(reason, "not record, UTC, or a zone that this system knows, like "
                              "Europe/Berlin");
}

bool zone_parse_fixed(const char *argument, enum zone *zone, struct reason *reason)
{
    *zone = ZONE_UTC;
    if (strcmp(argument, "UTC") == 0)
        return true;
    *zone = ZONE_SET;
    return timestamp_zone_set(argument) ||
           reason_set(reason, "not UTC, or a zone that this system knows, like Europe/Berlin");
}

int32_t zone_offset(enum zone zone, int64_t seconds)
{
    return zone == ZONE_UTC ? 0 : timestamp_zone_offset(seconds);
}

bool zone_event_time(enum zone zone, const struct event *event, struct civil *civil,
                     int32_t *offset, struct reason *reason)
{
    struct timestamp time;
    if (!event_time(event, &time, reason))
        return false;
    int32_t east = zone == ZONE_RECORD ? time.offset : zone_offset(zone, time.seconds);
    if (offset != NULL)
        *offset = east;
    if (!timestamp_has_year(time.seconds, east))
        return reason_set(reason, "in this time zone the year of the event's time is not one of "
                                  "0001 to 9999");
    *civil = timestamp_civil(time.seconds, east);
    return true;
}
