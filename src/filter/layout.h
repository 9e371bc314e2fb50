/* layout: the path of an event's file.
 *
 * A layout is a pattern of literal text and placeholders in braces.  The named ones come from
 * Workato's documentation ("JSON file details", 2019 and 2022), which lists the paths for jobs; it
 * has none for activity events, so their paths are our own, and so is `hive`.
 *
 * Values come from hostile records: each must match [A-Za-z0-9][A-Za-z0-9._-]* to become part of a
 * path, and a value that appears twice in a record with different bytes is refused. */
#ifndef LAYOUT_H
#define LAYOUT_H

#include "event/zone.h"

enum { LAYOUT_PATH = 1024 }; /* bytes of the longest path: S3's limit of a key */

enum layout_value {
    VALUE_USER_ID,
    VALUE_RECIPE_ID,
    VALUE_JOB_ID,
    VALUE_FORMATTED_JOB_ID,
    VALUE_DATE,
    VALUE_DATETIME,
    VALUE_YEAR,
    VALUE_MONTH,
    VALUE_DAY,
    VALUE_HOUR,
    VALUE_STATUS,
    VALUE_EVENT,
    VALUE_KIND,
    VALUE_DIGEST,
    LAYOUT_VALUES
};

struct layout_part {
    struct span literal;
    enum layout_value value; /* after the literal; LAYOUT_VALUES at the pattern's end */
};

enum { LAYOUT_PARTS = 64 };

struct layout_pattern {
    struct layout_part part[LAYOUT_PARTS];
};

struct layout {
    struct layout_pattern job, activity;
    struct span user_id; /* for records without one; no bytes: there is none */
    enum zone zone;      /* for the days and hours in a path */
};

/* The fields inside object members that layout_path() needs from event_read(). */
extern const uint64_t layout_fields;

/* Parses a layout's name (current, legacy, hive) or a pattern, which must stay valid.  name_date:
 * only the date in a named layout's file names.  False with a reason. */
bool layout_parse(struct layout *layout, const char *text, bool name_date, struct reason *reason);

/* The placeholder's name, without braces; it is a string literal's. */
struct span layout_value_name(enum layout_value value);

/* Whether the bytes may be a value in a path. */
bool layout_is_component(struct span value);

/* Writes the event's path, *len bytes without a NUL.  False with a reason. */
bool layout_path(const struct layout *layout, const struct event *event, char path[LAYOUT_PATH],
                 size_t *len, struct reason *reason);

#endif
