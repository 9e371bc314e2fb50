#include "config.h"

#include "event/addressed.h"
#include "event/event.h"
#include "json/json_reason.h"
#include "json/json_string.h"

/* The fields' names and, for those inside an object member, that member. */
static const struct {
    struct span name;
    enum event_field parent; /* EVENT_FIELDS: the event itself */
    const char *full;
} field_of[EVENT_FIELDS] = {
#define OUTER(field, name)                 [field] = {SPAN_INIT(name), EVENT_FIELDS, name}
#define INNER(field, parent, object, name) [field] = {SPAN_INIT(name), parent, object "." name}
    OUTER(FIELD_ID, "id"),
    OUTER(FIELD_STATUS, "status"),
    OUTER(FIELD_STARTED_AT, "started_at"),
    OUTER(FIELD_COMPLETED_AT, "completed_at"),
    OUTER(FIELD_RECIPE_ID, "recipe_id"),
    OUTER(FIELD_FLOW_ID, "flow_id"),
    OUTER(FIELD_ACCOUNT_ID, "account_id"),
    OUTER(FIELD_LINES, "lines"),
    OUTER(FIELD_EVENT, "event"),
    OUTER(FIELD_TIMESTAMP, "timestamp"),
    OUTER(FIELD_TEAM_ID, "team_id"),
    OUTER(FIELD_TEAM_ID_D, "team_id_d"),
    OUTER(FIELD_USER_ID, "user_id"),
    OUTER(FIELD_USER_ID_D, "user_id_d"),
    OUTER(FIELD_USER_EMAIL, "user_email"),
    OUTER(FIELD_USER_NAME, "user_name"),
    OUTER(FIELD_RESOURCE_TYPE, "resource_type"),
    OUTER(FIELD_RESOURCE_ID, "resource_id"),
    OUTER(FIELD_RESOURCE_ID_D, "resource_id_d"),
    OUTER(FIELD_RESOURCE_PROJECT_NAME, "resource_project_name"),
    OUTER(FIELD_CONTEXT, "context"),
    OUTER(FIELD_USER, "user"),
    OUTER(FIELD_TEAM, "team"),
    OUTER(FIELD_RESOURCE, "resource"),
    INNER(FIELD_CONTEXT_USER_ID, FIELD_CONTEXT, "context", "user_id"),
    INNER(FIELD_CONTEXT_USER_EXTERNAL_ID, FIELD_CONTEXT, "context", "user_external_id"),
    INNER(FIELD_CONTEXT_USER_EMAIL, FIELD_CONTEXT, "context", "user_email"),
    INNER(FIELD_CONTEXT_USER_NAME, FIELD_CONTEXT, "context", "user_name"),
    INNER(FIELD_CONTEXT_RECIPE_NAME, FIELD_CONTEXT, "context", "recipe_name"),
    INNER(FIELD_USER_OBJECT_ID, FIELD_USER, "user", "id"),
    INNER(FIELD_USER_OBJECT_EXTERNAL_ID, FIELD_USER, "user", "external_id"),
    INNER(FIELD_USER_OBJECT_EMAIL, FIELD_USER, "user", "email"),
    INNER(FIELD_USER_OBJECT_NAME, FIELD_USER, "user", "name"),
    INNER(FIELD_TEAM_OBJECT_ID, FIELD_TEAM, "team", "id"),
    INNER(FIELD_TEAM_OBJECT_EXTERNAL_ID, FIELD_TEAM, "team", "external_id"),
    INNER(FIELD_RESOURCE_OBJECT_TYPE, FIELD_RESOURCE, "resource", "type"),
    INNER(FIELD_RESOURCE_OBJECT_ID, FIELD_RESOURCE, "resource", "id"),
    INNER(FIELD_RESOURCE_OBJECT_NAME, FIELD_RESOURCE, "resource", "name"),
    INNER(FIELD_RESOURCE_OBJECT_FILE_NAME, FIELD_RESOURCE, "resource", "file_name"),
};

const char *event_field_name(enum event_field field)
{
    return field_of[field].full;
}

enum event_field event_field_object(enum event_field field)
{
    return field_of[field].parent;
}

/* The fields by name and object member: an open-addressing hash table, in which each field is in
 * the first slot of its probe sequence. */
enum { FIELD_SLOTS = 128 };

struct field_table {
    unsigned char slot[FIELD_SLOTS]; /* a field; EVENT_FIELDS: free */
    uint64_t inside[OUTER_FIELDS];   /* the fields inside an object member, as FIELD_BIT()s */
    uint64_t objects;                /* the members that have fields inside */
};

static inline unsigned slot_of(struct span name, enum event_field parent)
{
    unsigned first = (unsigned char)name.at[0], last = (unsigned char)name.at[name.len - 1];
    return (2 * (unsigned)name.len + 28 * first + last + 10 * (unsigned)parent) % FIELD_SLOTS;
}

static struct field_table field_table;

/* Before main(): threads share the table. */
static __attribute__((constructor)) void make_field_table(void)
{
    struct field_table *table = &field_table;
    memset(table->slot, EVENT_FIELDS, sizeof table->slot);
    for (enum event_field f = 0; f < EVENT_FIELDS; f++) {
        enum event_field parent = field_of[f].parent;
        unsigned slot = slot_of(field_of[f].name, parent);
        while (table->slot[slot] != EVENT_FIELDS)
            slot = (slot + 1) % FIELD_SLOTS;
        table->slot[slot] = (unsigned char)f;
        if (parent == EVENT_FIELDS)
            continue;
        table->inside[parent] |= FIELD_BIT(f);
        table->objects |= FIELD_BIT(parent);
    }
}

/* The field of that name in the object member `parent`; EVENT_FIELDS: in the event itself. */
static enum event_field find_field(const struct json_key *key, enum event_field parent)
{
    const struct field_table *table = &field_table;
    if (key->name.at == NULL || key->name.len == 0)
        return EVENT_FIELDS;
    for (unsigned slot = slot_of(key->name, parent);; slot = (slot + 1) % FIELD_SLOTS) {
        enum event_field f = (enum event_field)table->slot[slot];
        if (f == EVENT_FIELDS ||
            (field_of[f].parent == parent && json_key_is(key, field_of[f].name)))
            return f;
    }
}

enum event_field event_field_of(const struct json_key *key)
{
    return find_field(key, EVENT_FIELDS);
}

static bool has(const struct event *event, enum event_field field)
{
    return (event->present & FIELD_BIT(field)) != 0;
}

static void note(struct event *event, enum event_field field, struct json_value value)
{
    if (!has(event, field)) {
        event->present |= FIELD_BIT(field);
        event->field[field] = value;
    } else if (!span_equal(event->field[field].text, value.text)) {
        event->differing |= FIELD_BIT(field);
    }
}

/* Reads the object that is the value of the field `parent`, and notes its fields. */
static void read_inner(struct json *json, enum event_field parent, struct event *event,
                       struct json_value *object)
{
    struct json_key key;
    struct json_value value;
    const char *start = json_at(json);
    json_object(json);
    while (json_member_value(json, &key, &value)) {
        enum event_field field = find_field(&key, parent);
        if ((json_is_scalar(value.type) || json_value(json, &value)) && field != EVENT_FIELDS)
            note(event, field, value);
    }
    *object = (struct json_value){JSON_OBJECT, span_between(start, json_past(json))};
}

/* The object members that contain the wanted inner fields. */
static uint64_t parents_of(uint64_t inner)
{
    const struct field_table *table = &field_table;
    uint64_t parents = 0;
    for (uint64_t objects = table->objects; objects != 0; objects &= objects - 1)
        if ((inner & table->inside[__builtin_ctzll(objects)]) != 0)
            parents |= objects & -objects;
    return parents;
}

enum event_kind event_kind_of(uint64_t present)
{
    uint64_t job = FIELD_BIT(FIELD_STATUS) | FIELD_BIT(FIELD_ID);
    uint64_t times = FIELD_BIT(FIELD_STARTED_AT) | FIELD_BIT(FIELD_COMPLETED_AT);
    uint64_t activity = FIELD_BIT(FIELD_EVENT) | FIELD_BIT(FIELD_TIMESTAMP);
    uint64_t actors = FIELD_BIT(FIELD_USER) | FIELD_BIT(FIELD_TEAM) | FIELD_BIT(FIELD_RESOURCE);
    uint64_t flattened = FIELD_BIT(FIELD_RESOURCE_TYPE) | FIELD_BIT(FIELD_TIMESTAMP);
    if ((present & job) == job && (present & times) != 0)
        return EVENT_JOB;
    if ((present & activity) == activity && (present & actors) != 0)
        return EVENT_ACTIVITY;
    return (present & flattened) == flattened ? EVENT_FLATTENED : EVENT_UNKNOWN;
}

bool event_read(struct json *json, uint64_t inner, event_visitor *visit, void *context,
                struct event *event)
{
    struct json_key key;
    struct json_value value;
    uint64_t parents = parents_of(inner);
    event->present = event->differing = 0;
    const char *start = json_at(json);
    json_object(json);
    while (visit != NULL ? json_member(json, &key) : json_member_value(json, &key, &value)) {
        enum event_field field = find_field(&key, EVENT_FIELDS);
        if (visit != NULL ? visit(context, json, &key, field, &value) : json_is_scalar(value.type))
            ;
        else if ((parents & FIELD_BIT(field)) != 0 && json_peek(json) == JSON_OBJECT)
            read_inner(json, field, event, &value);
        else
            json_value(json, &value);
        if (field != EVENT_FIELDS && json_ok(json))
            note(event, field, value);
    }
    if (!json_ok(json))
        return false;
    event->text = span_between(start, json_past(json));
    event->escapes = json_has_escape(json);
    event->kind = event_kind_of(event->present);
    return true;
}

bool event_read_record(struct json *json, struct span record, uint64_t inner, event_visitor *visit,
                       void *context, struct event *event, struct reason *reason)
{
    json_begin(json, record.at, record.len);
    return event_read_again(json, inner, visit, context, event, reason);
}

bool event_read_again(struct json *json, uint64_t inner, event_visitor *visit, void *context,
                      struct event *event, struct reason *reason)
{
    struct addressed addressed;
    if (addressed_again(json, &addressed) && event_read(json, inner, visit, context, event) &&
        addressed_end(json, &addressed))
        return true;
    return json_reason(json, reason);
}

const char *const event_statuses[] = {"succeeded", "failed", "pending", NULL};

struct span event_status(struct span content)
{
    char decoded[16]; /* a longer value is none of these */
    struct span status = content;
    if (memchr(content.at, '\\', content.len) != NULL) {
        status.at = decoded;
        if (!json_string_decode(content, decoded, sizeof decoded, &status.len))
            return content;
    }
    if (span_equal(status, SPAN("成功")))
        return SPAN("succeeded");
    if (span_equal(status, SPAN("失敗")))
        return SPAN("failed");
    return content;
}

enum event_field event_time_field(const struct event *event)
{
    if (event->kind != EVENT_JOB)
        return FIELD_TIMESTAMP;
    return event_field(event, FIELD_COMPLETED_AT) != NULL ? FIELD_COMPLETED_AT : FIELD_STARTED_AT;
}

bool event_time(const struct event *event, struct timestamp *time, struct reason *reason)
{
    enum event_field field = event_time_field(event);
    const struct json_value *value = event_field(event, field);
    struct printable shown;
    if (value == NULL)
        return reason_set(reason, "%s is missing", event_field_name(field));
    if ((event->differing & FIELD_BIT(field)) != 0)
        return reason_set(reason, "%s appears twice, with different values",
                          event_field_name(field));
    if (value->type != JSON_STRING || !timestamp_parse(event_content(value), time))
        return reason_set(reason, "%s is not a time: %s", event_field_name(field),
                          diag_printable(value->text, &shown));
    return true;
}
