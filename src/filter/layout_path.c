#include "config.h"

#include "base/digest.h"
#include "filter/layout.h"
#include "json/json_string.h"

const uint64_t layout_fields = FIELD_BIT(FIELD_CONTEXT_USER_ID) | FIELD_BIT(FIELD_TEAM_OBJECT_ID);

bool layout_is_component(struct span value)
{
    /* The characters that may come first, and later. */
    enum { FIRST = 1, LATER = 2 };
    static const unsigned char allowed[256] = {
        ['0'] = 3,     ['1'] = 3,     ['2'] = 3, ['3'] = 3, ['4'] = 3, ['5'] = 3, ['6'] = 3,
        ['7'] = 3,     ['8'] = 3,     ['9'] = 3, ['A'] = 3, ['B'] = 3, ['C'] = 3, ['D'] = 3,
        ['E'] = 3,     ['F'] = 3,     ['G'] = 3, ['H'] = 3, ['I'] = 3, ['J'] = 3, ['K'] = 3,
        ['L'] = 3,     ['M'] = 3,     ['N'] = 3, ['O'] = 3, ['P'] = 3, ['Q'] = 3, ['R'] = 3,
        ['S'] = 3,     ['T'] = 3,     ['U'] = 3, ['V'] = 3, ['W'] = 3, ['X'] = 3, ['Y'] = 3,
        ['Z'] = 3,     ['a'] = 3,     ['b'] = 3, ['c'] = 3, ['d'] = 3, ['e'] = 3, ['f'] = 3,
        ['g'] = 3,     ['h'] = 3,     ['i'] = 3, ['j'] = 3, ['k'] = 3, ['l'] = 3, ['m'] = 3,
        ['n'] = 3,     ['o'] = 3,     ['p'] = 3, ['q'] = 3, ['r'] = 3, ['s'] = 3, ['t'] = 3,
        ['u'] = 3,     ['v'] = 3,     ['w'] = 3, ['x'] = 3, ['y'] = 3, ['z'] = 3, ['.'] = LATER,
        ['_'] = LATER, ['-'] = LATER,
    };
    if (value.len == 0 || (allowed[(unsigned char)value.at[0]] & FIRST) == 0)
        return false;
    for (size_t i = 1; i < value.len; i++)
        if (allowed[(unsigned char)value.at[i]] == 0)
            return false;
    return true;
}

/* A path that is being built. */
struct filling {
    const struct layout *layout;
    const struct event *event;
    struct reason *reason;
    bool timed;                /* digits is set */
    char digits[15];           /* YYYYMMDDHHMMSS */
    char decoded[LAYOUT_PATH]; /* a value whose escapes had to be decoded */
    char grouped[28];          /* 000/000/000/000/000/000/100 */
    char digest[17];
};

/* A value of the record, checked, from one of its fields. */
static bool field_value(struct filling *f, enum event_field field, struct span *value)
{
    const struct json_value *found = event_field(f->event, field);
    const char *name = event_field_name(field);
    struct printable shown;
    if (found->type != JSON_STRING && found->type != JSON_NUMBER)
        return reason_set(f->reason, "%s is neither a string nor a number", name);
    *value = event_content(found);
    if (memchr(value->at, '\\', value->len) != NULL) {
        size_t len;
        if (!json_string_decode(*value, f->decoded, sizeof f->decoded, &len))
            return reason_set(f->reason, "%s cannot be part of a path: %s", name,
                              diag_printable(found->text, &shown));
        *value = (struct span){f->decoded, len};
    }
    if (field == FIELD_STATUS)
        *value = event_status(*value);
    if (!layout_is_component(*value))
        return reason_set(f->reason,
                          "%s cannot be part of a path: %s (letters, digits, '.', '_' and '-' can, "
                          "a letter or digit first)",
                          name, diag_printable(found->text, &shown));
    return true;
}

/* The fields with a value, in order of preference; EVENT_FIELDS ends them. */
static const enum event_field *fields_of(enum layout_value value, enum event_kind kind)
{
    static const enum event_field none[] = {EVENT_FIELDS};
    static const enum event_field job_user[] = {FIELD_CONTEXT_USER_ID, FIELD_ACCOUNT_ID,
                                                EVENT_FIELDS};
    static const enum event_field team[] = {FIELD_TEAM_OBJECT_ID, EVENT_FIELDS};
    static const enum event_field flattened_team[] = {FIELD_TEAM_ID_D, FIELD_TEAM_ID, EVENT_FIELDS};
    static const enum event_field recipe[] = {FIELD_RECIPE_ID, FIELD_FLOW_ID, EVENT_FIELDS};
    static const enum event_field id[] = {FIELD_ID, EVENT_FIELDS};
    static const enum event_field status[] = {FIELD_STATUS, EVENT_FIELDS};
    static const enum event_field event[] = {FIELD_EVENT, EVENT_FIELDS};
    static const enum event_field resource_type[] = {FIELD_RESOURCE_TYPE, EVENT_FIELDS};
    bool job = kind == EVENT_JOB;
    switch (value) {
    case VALUE_USER_ID:
        return job ? job_user : kind == EVENT_ACTIVITY ? team : flattened_team;
    case VALUE_RECIPE_ID:
        return job ? recipe : none;
    case VALUE_JOB_ID:
        return job ? id : none;
    case VALUE_STATUS:
        return job ? status : none;
    case VALUE_EVENT:
        return kind == EVENT_ACTIVITY ? event : job ? none : resource_type;
    default:
        return none;
    }
}

/* Whether the field, or the object around it, appears twice with different values: an attacker must
 * not choose which one is read. */
static bool is_doubtful(struct filling *f, enum event_field field)
{
    enum event_field object = event_field_object(field);
    enum event_field doubtful = (f->event->differing & FIELD_BIT(field)) != 0 ? field : object;
    if (doubtful == EVENT_FIELDS || (f->event->differing & FIELD_BIT(doubtful)) == 0)
        return false;
    reason_set(f->reason, "%s appears twice, with different values", event_field_name(doubtful));
    return true;
}

/* A value from a member of the record.  Null counts as absent. */
static bool member_value(struct filling *f, enum layout_value value, struct span *found)
{
    const enum event_field *field = fields_of(value, f->event->kind), *first = field;
    for (; *field != EVENT_FIELDS; field++) {
        if (is_doubtful(f, *field))
            return false;
        if (event_field(f->event, *field) != NULL)
            return field_value(f, *field, found);
    }
    if (value == VALUE_USER_ID && f->layout->user_id.len > 0) {
        *found = f->layout->user_id;
        return true;
    }
    if (*first == EVENT_FIELDS)
        return reason_set(f->reason, "the layout asks for {%s}, which %s events do not have",
                          layout_value_name(value).at,
                          f->event->kind == EVENT_JOB ? "job" : "activity");
    return reason_set(f->reason, "%s is missing%s", event_field_name(*first),
                      value == VALUE_USER_ID ? " (--user-id=ID gives one)" : "");
}

/* The job id in 21 digits, three for each directory. */
static bool formatted_job_id(struct filling *f, struct span *value)
{
    enum { DIGITS = 21 };
    struct span id;
    struct printable shown;
    if (!member_value(f, VALUE_JOB_ID, &id))
        return false;
    bool numeric = id.len <= DIGITS;
    for (size_t i = 0; i < id.len && numeric; i++)
        numeric = id.at[i] >= '0' && id.at[i] <= '9';
    if (!numeric)
        return reason_set(f->reason,
                          "id %s is not a number of at most %d digits, which this layout "
                          "asks for",
                          diag_printable(id, &shown), DIGITS);
    char *to = f->grouped;
    for (size_t i = 0; i < DIGITS; i++) {
        if (i > 0 && i % 3 == 0)
            *to++ = '/';
        *to++ = i < DIGITS - id.len ? '0' : id.at[i - (DIGITS - id.len)];
    }
    *value = span_between(f->grouped, to);
    return true;
}

/* Writes a number in `width` digits. */
static void put_digits(char *to, int64_t number, int width)
{
    for (int i = width - 1; i >= 0; i--, number /= 10)
        to[i] = (char)('0' + number % 10);
}

/* A part of the event's time in the form YYYYMMDDHHMMSS. */
static bool time_value(struct filling *f, size_t from, size_t count, struct span *value)
{
    struct civil c;
    if (!f->timed) {
        if (is_doubtful(f, event_time_field(f->event)) ||
            !zone_event_time(f->layout->zone, f->event, &c, NULL, f->reason))
            return false;
        const int field[] = {c.month, c.day, c.hour, c.minute, c.second};
        put_digits(f->digits, c.year, 4);
        for (int i = 0; i < 5; i++)
            put_digits(f->digits + 4 + 2 * i, field[i], 2);
        f->timed = true;
    }
    *value = (struct span){f->digits + from, count};
    return true;
}

static void digest_value(struct filling *f, struct span *value)
{
    enum { BYTES = 8 };
    unsigned char digest[DIGEST_SIZE];
    digest_sha256(f->event->text, digest);
    digest_hex(digest, BYTES, f->digest);
    *value = (struct span){f->digest, 2 * BYTES};
}

/* The event's name: a flattened event's is its resource_type in lower case, a job's is "job". */
static bool event_value(struct filling *f, struct span *value)
{
    if (f->event->kind == EVENT_JOB) {
        *value = SPAN("job");
        return true;
    }
    if (!member_value(f, VALUE_EVENT, value))
        return false;
    if (f->event->kind == EVENT_ACTIVITY)
        return true;
    if (value->len > sizeof f->decoded)
        return reason_set(f->reason, "resource_type is too long");
    for (size_t i = 0; i < value->len; i++) {
        char byte = value->at[i];
        f->decoded[i] = byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
    }
    value->at = f->decoded;
    return true;
}

static bool fill_value(struct filling *f, enum layout_value value, struct span *filled)
{
    switch (value) {
    case VALUE_FORMATTED_JOB_ID:
        return formatted_job_id(f, filled);
    case VALUE_DATE:
        return time_value(f, 0, 8, filled);
    case VALUE_DATETIME:
        return time_value(f, 0, 14, filled);
    case VALUE_YEAR:
        return time_value(f, 0, 4, filled);
    case VALUE_MONTH:
        return time_value(f, 4, 2, filled);
    case VALUE_DAY:
        return time_value(f, 6, 2, filled);
    case VALUE_HOUR:
        return time_value(f, 8, 2, filled);
    case VALUE_EVENT:
        return event_value(f, filled);
    case VALUE_KIND:
        *filled = f->event->kind == EVENT_JOB ? SPAN("job") : SPAN("activity");
        return true;
    case VALUE_DIGEST:
        digest_value(f, filled);
        return true;
    default:
        return member_value(f, value, filled);
    }
}

static bool append(char path[LAYOUT_PATH], size_t *len, struct span bytes, struct reason *reason)
{
    if (bytes.len > LAYOUT_PATH - *len)
        return reason_set(reason, "the path would be longer than %d bytes", LAYOUT_PATH);
    memcpy(path + *len, bytes.at, bytes.len);
    *len += bytes.len;
    return true;
}

bool layout_path(const struct layout *layout, const struct event *event, char path[LAYOUT_PATH],
                 size_t *len, struct reason *reason)
{
    struct filling f;
    f.layout = layout;
    f.event = event;
    f.reason = reason;
    f.timed = false;
    const struct layout_pattern *pattern =
        event->kind == EVENT_JOB ? &layout->job : &layout->activity;
    *len = 0;
    if (event->kind == EVENT_UNKNOWN)
        return reason_set(reason, EVENT_UNKNOWN_REASON);
    for (const struct layout_part *part = pattern->part;; part++) {
        struct span value;
        if (!append(path, len, part->literal, reason))
            return false;
        if (part->value == LAYOUT_VALUES)
            return true;
        if (!fill_value(&f, part->value, &value) || !append(path, len, value, reason))
            return false;
    }
}
