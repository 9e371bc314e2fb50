/* rows: the newest activities, up to a limit. */
#ifndef ROWS_H
#define ROWS_H

#include "base/span.h"

#include <stdint.h>

enum {
    ROW_TEXT = 200,       /* bytes of a name that are stored */
    ROW_JSON = 16 * 1024, /* bytes of an event that are stored */
    ROW_FIELDS = 6,
};

enum row_field { ROW_USER, ROW_EVENT, ROW_CATEGORY, ROW_TYPE, ROW_ASSET, ROW_CUSTOMER };

struct row {
    int64_t seconds;  /* since 1970, UTC */
    int64_t local;    /* the same in the zone */
    size_t json_len;  /* of the whole event */
    struct span json; /* its beginning; all of it if its length is json_len */
    struct span field[ROW_FIELDS];
    char *memory; /* that the spans point to */
    size_t size;  /* of the memory */
};

/* A row, with its age. */
struct rows_place {
    int64_t seconds; /* the row's */
    uint64_t number; /* of the event in the input: of equal times the later one is newer */
    struct row *row;
};

/* There is room for some more rows than `limit`.  When it is full, the newest are selected, and the
 * memory of the others is reused. */
struct rows {
    size_t limit;
    struct rows_place *place; /* after rows_sort() the newest first */
    size_t count, capacity;   /* places from count on may have the memory of dropped rows */
    int64_t least;            /* seconds; an older row is not one of the newest */
    uint64_t seen;            /* all rows that were added */
};

/* Begins; limit may be 0. */
void rows_begin(struct rows *rows, size_t limit);

/* Whether a row of that time would be kept, so that others need not be built. */
bool rows_would_keep(const struct rows *rows, int64_t seconds);

/* Adds a row, whose spans are copied.  False: no memory. */
bool rows_add(struct rows *rows, const struct row *row);

/* Sorts, the newest first; no row may be added afterwards. */
void rows_sort(struct rows *rows);

void rows_free(struct rows *rows);

#endif
