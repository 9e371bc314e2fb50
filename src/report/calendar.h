/* calendar: the number of events in each hour, day, month or year, and in each hour of a week.
 *
 * Times are local seconds: seconds since 1970 plus the zone's offset at that time. */
#ifndef CALENDAR_H
#define CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum calendar_series { CALENDAR_SUCCEEDED, CALENDAR_FAILED, CALENDAR_ACTIVITIES, CALENDAR_SERIES };

enum calendar_unit { CALENDAR_HOUR, CALENDAR_DAY, CALENDAR_MONTH, CALENDAR_YEAR };

enum {
    CALENDAR_CELLS =
        100000,          /* periods that are counted separately; with more, days replace hours */
    CALENDAR_BARS = 400, /* periods of a timeline, at most */
};

struct calendar_cell {
    int64_t begin; /* local seconds; a multiple of the calendar's step */
    uint64_t count[CALENDAR_SERIES];
    bool used;
};

struct calendar {
    struct calendar_cell *cell; /* an open-addressing hash table */
    size_t size, used;
    int64_t step;         /* seconds of a cell: an hour, or a day */
    uint64_t week[7][24]; /* all events; Monday is the first */
    int64_t first, last;  /* the earliest and the latest event */
};

/* A bar of the timeline. */
struct calendar_bar {
    int64_t begin;
    uint64_t count[CALENDAR_SERIES];
};

/* Counts an event; a calendar begins zeroed.  False: no memory. */
bool calendar_count(struct calendar *calendar, int64_t local, enum calendar_series series);

/* Makes the timeline from the first event's period to the last one's, without gaps, in the unit
 * that suits the range.  The caller frees *bars; returns how many there are, 0 if there are no
 * events or no memory. */
size_t calendar_timeline(const struct calendar *calendar, enum calendar_unit *unit,
                         struct calendar_bar **bars);

/* Writes the beginning of a period as text: "2024-05-31 14:00", "2024-05-31", "2024-05", "2024". */
enum { CALENDAR_TEXT = 32 };
const char *calendar_text(int64_t begin, enum calendar_unit unit, char text[CALENDAR_TEXT]);

void calendar_free(struct calendar *calendar);

#endif
