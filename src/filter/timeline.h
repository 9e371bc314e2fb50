/* timeline: events as a table for people: when, who, what, and of which asset. */
#ifndef TIMELINE_H
#define TIMELINE_H

#include "event/facet.h"
#include "event/zone.h"
#include "filter/table.h"

/* Begins zeroed except for `zone`. */
struct timeline {
    enum zone zone;
    struct table table;
    struct facet_reader reader;
    char *asset; /* a composed cell */
    size_t asset_size;
};

/* The inner fields that a row needs, for event_read(). */
uint64_t timeline_inner(void);

/* Adds the event's row; all rows are kept in memory until they are written.  False with a reason: a
 * member for the row appears twice with different values, the time is missing or is not a time, or
 * there is no memory. */
bool timeline_add(struct timeline *timeline, const struct event *event, struct reason *reason);

/* Writes the table, headings first.  False: no memory. */
bool timeline_write(struct timeline *timeline, struct out *out);

void timeline_free(struct timeline *timeline);

#endif
