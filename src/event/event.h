/* event: what a Workato audit event is.
 *
 *   job        `status`, `id`, and `started_at` or `completed_at`
 *   activity   `event` and `timestamp`, and one of `user`, `team`, `resource`
 *   flattened  `resource_type` and `timestamp` (project deployments)
 *
 * Forms and member names are those of the sample events in Workato's documentation of audit log
 * streaming, 2019 to 2024. */
#ifndef EVENT_H
#define EVENT_H

#include "base/diag.h"
#include "base/timestamp.h"
#include "json/json.h"

/* The reason why a record of no known kind is rejected; it may contain an event. */
#define EVENT_UNKNOWN_REASON                                                                       \
    "this is not an audit event; audit-format takes events out of their wrapper, and "             \
    "audit-template comes last, before the sink"

enum event_kind { EVENT_UNKNOWN, EVENT_JOB, EVENT_ACTIVITY, EVENT_FLATTENED };

/* The members that tools read.  Those of an object member follow it: context.user_id. */
enum event_field {
    FIELD_ID,
    FIELD_STATUS,
    FIELD_STARTED_AT,
    FIELD_COMPLETED_AT,
    FIELD_RECIPE_ID,
    FIELD_FLOW_ID, /* recipe_id's name in 2020 */
    FIELD_ACCOUNT_ID,
    FIELD_LINES,
    FIELD_EVENT,
    FIELD_TIMESTAMP,
    FIELD_TEAM_ID, /* this and the next nine are members of flattened events */
    FIELD_TEAM_ID_D,
    FIELD_USER_ID,
    FIELD_USER_ID_D,
    FIELD_USER_EMAIL,
    FIELD_USER_NAME,
    FIELD_RESOURCE_TYPE,
    FIELD_RESOURCE_ID,
    FIELD_RESOURCE_ID_D,
    FIELD_RESOURCE_PROJECT_NAME,
    FIELD_CONTEXT,
    FIELD_USER,
    FIELD_TEAM,
    FIELD_RESOURCE,
    OUTER_FIELDS,
    FIELD_CONTEXT_USER_ID = OUTER_FIELDS,
    FIELD_CONTEXT_USER_EXTERNAL_ID,
    FIELD_CONTEXT_USER_EMAIL,
    FIELD_CONTEXT_USER_NAME,
    FIELD_CONTEXT_RECIPE_NAME,
    FIELD_USER_OBJECT_ID,
    FIELD_USER_OBJECT_EXTERNAL_ID,
    FIELD_USER_OBJECT_EMAIL,
    FIELD_USER_OBJECT_NAME,
    FIELD_TEAM_OBJECT_ID,
    FIELD_TEAM_OBJECT_EXTERNAL_ID,
    FIELD_RESOURCE_OBJECT_TYPE,
    FIELD_RESOURCE_OBJECT_ID,
    FIELD_RESOURCE_OBJECT_NAME,
    FIELD_RESOURCE_OBJECT_FILE_NAME, /* a package's name */
    EVENT_FIELDS
};

_Static_assert(EVENT_FIELDS < 64, "a set of fields is a bit mask, with a bit for no field");

#define FIELD_BIT(field) ((uint64_t)1 << (field))
_Static_assert(EVENT_FIELDS <= 64, "each field has a bit of its own");

struct event {
    struct span text; /* the event's own bytes, braces included */
    enum event_kind kind;
    struct json_value field[EVENT_FIELDS]; /* the first of that name, if present */
    uint64_t present;                      /* bit f: field f is present */
    uint64_t differing;                    /* bit f: field f appears again with other bytes */
    bool escapes;                          /* a string in it may have an escape */
};

/* Called for each member of an event, between its name and its value.  True: it has read the value,
 * which must then be in *value.  field is EVENT_FIELDS if no tool reads the member. */
typedef bool event_visitor(void *context, struct json *json, const struct json_key *key,
                           enum event_field field, struct json_value *value);

/* Reads the next value, an object.  Of the fields inside object members, only those in `inner`
 * (FIELD_BIT()s) are noted.  visit may be NULL.  False: see json_error(). */
bool event_read(struct json *json, uint64_t inner, event_visitor *visit, void *context,
                struct event *event);

/* The same for a whole record, in either form: an event, or an addressed event, whose wrapper is
 * skipped.  False with a reason. */
bool event_read_record(struct json *json, struct span record, uint64_t inner, event_visitor *visit,
                       void *context, struct event *event, struct reason *reason);

/* The same with the record that json has read last, which is faster (json_rewind()). */
bool event_read_again(struct json *json, uint64_t inner, event_visitor *visit, void *context,
                      struct event *event, struct reason *reason);

/* The event's own field (not one inside an object member) of that name; EVENT_FIELDS if no tool
 * reads the member. */
enum event_field event_field_of(const struct json_key *key);

/* The kind of an event that has these fields, given as FIELD_BIT()s. */
enum event_kind event_kind_of(uint64_t present);

/* The field's name for messages: "context.user_id". */
const char *event_field_name(enum event_field field);

/* The object member that contains the field: FIELD_CONTEXT for context.user_id; EVENT_FIELDS for a
 * member of the event itself. */
enum event_field event_field_object(enum event_field field);

/* A job's status as in the English console: a localised one is translated (the Japanese samples
 * have 成功 and 失敗).  Takes the content of the status string, with or without escapes; returns
 * any other status unchanged. */
struct span event_status(struct span content);

/* The statuses of jobs, as in the English console; ended by NULL. */
extern const char *const event_statuses[];

/* The value's content: of a string, what is between its quotes; of any other value, its text. */
static inline struct span event_content(const struct json_value *value)
{
    if (value->type != JSON_STRING)
        return value->text;
    return (struct span){value->text.at + 1, value->text.len - 2};
}

/* The field's value; NULL if it is absent or null. */
static inline const struct json_value *event_field(const struct event *event,
                                                   enum event_field field)
{
    const struct json_value *value = &event->field[field];
    return (event->present & FIELD_BIT(field)) != 0 && value->type != JSON_NULL ? value : NULL;
}

/* The member with the event's time: a job's `completed_at`, or `started_at` if that is absent or
 * null; of other events `timestamp`. */
enum event_field event_time_field(const struct event *event);

/* The event's time.  False with a reason: it is missing, appears twice with different values, or is
 * not a time. */
bool event_time(const struct event *event, struct timestamp *time, struct reason *reason);

#endif
