#include "config.h"

#include "base/hash.h"
#include "base/timestamp.h"
#include "report/calendar.h"

#include <stdio.h>
#include <stdlib.h>

enum { HOUR = 3600, DAY = 86400, LEAST_SIZE = 1024 };

static int64_t floor_to(int64_t local, int64_t step)
{
    int64_t rest = local % step;
    return local - (rest < 0 ? rest + step : rest);
}

static struct calendar_cell *find(struct calendar_cell *cell, size_t size, int64_t begin)
{
    size_t i = (size_t)hash_number((uint64_t)begin) & (size - 1);
    while (cell[i].used && cell[i].begin != begin)
        i = (i + 1) & (size - 1);
    return &cell[i];
}

/* Counts everything again in a table of that size, in cells of that step. */
static bool rebuild(struct calendar *calendar, size_t size, int64_t step)
{
    struct calendar_cell *cell = calloc(size, sizeof *cell);
    if (cell == NULL)
        return false;
    size_t used = 0;
    for (size_t i = 0; i < calendar->size; i++) {
        const struct calendar_cell *old = &calendar->cell[i];
        if (!old->used)
            continue;
        struct calendar_cell *now = find(cell, size, floor_to(old->begin, step));
        used += !now->used;
        now->used = true;
        now->begin = floor_to(old->begin, step);
        for (int s = 0; s < CALENDAR_SERIES; s++)
            now->count[s] += old->count[s];
    }
    free(calendar->cell);
    calendar->cell = cell;
    calendar->size = size;
    calendar->used = used;
    calendar->step = step;
    return true;
}

bool calendar_count(struct calendar *calendar, int64_t local, enum calendar_series series)
{
    if (calendar->step == 0) {
        calendar->step = HOUR;
        calendar->first = calendar->last = local;
    }
    if (calendar->used >= CALENDAR_CELLS && calendar->step == HOUR &&
        !rebuild(calendar, calendar->size, DAY))
        return false;
    if (calendar->used >= calendar->size / 2 &&
        !rebuild(calendar, calendar->size == 0 ? LEAST_SIZE : 2 * calendar->size, calendar->step))
        return false;
    int64_t day = floor_to(local, DAY), hour = (local - day) / HOUR;
    int64_t begin = calendar->step == HOUR ? day + hour * HOUR : day;
    struct calendar_cell *cell = find(calendar->cell, calendar->size, begin);
    calendar->used += !cell->used;
    cell->used = true;
    cell->begin = begin;
    cell->count[series]++;
    if (local < calendar->first)
        calendar->first = local;
    if (local > calendar->last)
        calendar->last = local;
    /* 1970-01-01 was a Thursday. */
    calendar->week[((day / DAY + 3) % 7 + 7) % 7][hour]++;
    return true;
}

/* The number of the period of the moment, counted from an arbitrary origin. */
static int64_t period_of(int64_t local, enum calendar_unit unit)
{
    struct civil civil;
    switch (unit) {
    case CALENDAR_HOUR:
        return floor_to(local, HOUR) / HOUR;
    case CALENDAR_DAY:
        return floor_to(local, DAY) / DAY;
    default:
        civil = timestamp_civil(local, 0);
        return unit == CALENDAR_MONTH ? civil.year * 12 + civil.month - 1 : civil.year;
    }
}

/* The first moment of a month, from the text that timestamp_parse() reads. */
static int64_t begin_of_month(int64_t year, int month)
{
    char text[64];
    struct timestamp time = {0, 0, 0};
    snprintf(text, sizeof text, "%04d-%02d-01T00:00:00Z", (int)year, month);
    timestamp_parse(span_of(text), &time);
    return time.seconds;
}

static int64_t begin_of(int64_t period, enum calendar_unit unit)
{
    switch (unit) {
    case CALENDAR_HOUR:
        return period * HOUR;
    case CALENDAR_DAY:
        return period * DAY;
    case CALENDAR_MONTH:
        return begin_of_month(period / 12, (int)(period % 12) + 1);
    default:
        return begin_of_month(period, 1);
    }
}

static enum calendar_unit suitable_unit(const struct calendar *calendar)
{
    int64_t days = (calendar->last - calendar->first) / DAY;
    if (days < 4 && calendar->step == HOUR)
        return CALENDAR_HOUR;
    if (days < 150)
        return CALENDAR_DAY;
    return days < 150 * 30 ? CALENDAR_MONTH : CALENDAR_YEAR;
}

size_t calendar_timeline(const struct calendar *calendar, enum calendar_unit *unit,
                         struct calendar_bar **bars)
{
    *bars = NULL;
    *unit = suitable_unit(calendar);
    if (calendar->used == 0)
        return 0;
    int64_t first = period_of(calendar->first, *unit), last = period_of(calendar->last, *unit);
    /* If there are too many years to draw, the earliest are left out. */
    if (last - first >= CALENDAR_BARS)
        first = last - CALENDAR_BARS + 1;
    size_t count = (size_t)(last - first + 1);
    *bars = calloc(count, sizeof **bars);
    if (*bars == NULL)
        return 0;
    for (size_t i = 0; i < count; i++)
        (*bars)[i].begin = begin_of(first + (int64_t)i, *unit);
    for (size_t i = 0; i < calendar->size; i++) {
        const struct calendar_cell *cell = &calendar->cell[i];
        int64_t period = cell->used ? period_of(cell->begin, *unit) : first - 1;
        for (int s = 0; s < CALENDAR_SERIES && period >= first; s++)
            (*bars)[period - first].count[s] += cell->count[s];
    }
    return count;
}

const char *calendar_text(int64_t begin, enum calendar_unit unit, char text[CALENDAR_TEXT])
{
    struct civil c = timestamp_civil(begin, 0);
    int year = (int)c.year;
    switch (unit) {
    case CALENDAR_HOUR:
        snprintf(text, CALENDAR_TEXT, "%04d-%02d-%02d %02d:00", year, c.month, c.day, c.hour);
        break;
    case CALENDAR_DAY:
        snprintf(text, CALENDAR_TEXT, "%04d-%02d-%02d", year, c.month, c.day);
        break;
    case CALENDAR_MONTH:
        snprintf(text, CALENDAR_TEXT, "%04d-%02d", year, c.month);
        break;
    case CALENDAR_YEAR:
        snprintf(text, CALENDAR_TEXT, "%04d", year);
        break;
    }
    return text;
}

void calendar_free(struct calendar *calendar)
{
    free(calendar->cell);
    *calendar = (struct calendar){0};
}
