#include "config.h"

#include "event/facet.h"
#include "json/json_string.h"

#include <errno.h>
#include <stdlib.h>

/* A member with the facet's value. */
struct source {
    enum event_field field;
    enum {
        ID = 0,
        LABEL = 1,
        OTHERWISE = 2, /* is read only if the members before it are absent */
    } flags;
};

struct sources {
    struct source source[FACET_VALUES];
    size_t count;
};

#define SOURCES(...)                                                                               \
    {                                                                                              \
        {__VA_ARGS__}, sizeof((struct source[]){__VA_ARGS__}) / sizeof(struct source)              \
    }

static const struct sources sources_of[FACETS][EVENT_FLATTENED + 1] = {
    [FACET_EVENT][EVENT_ACTIVITY] = SOURCES({FIELD_EVENT, LABEL}),
    [FACET_EVENT][EVENT_FLATTENED] = SOURCES({FIELD_RESOURCE_TYPE, LABEL}),
    [FACET_STATUS][EVENT_JOB] = SOURCES({FIELD_STATUS, LABEL}),
    [FACET_USER][EVENT_JOB] =
        SOURCES({FIELD_CONTEXT_USER_EMAIL, LABEL}, {FIELD_CONTEXT_USER_NAME, LABEL},
                {FIELD_CONTEXT_USER_ID, ID}),
    [FACET_USER][EVENT_ACTIVITY] =
        SOURCES({FIELD_USER_OBJECT_EMAIL, LABEL}, {FIELD_USER_OBJECT_NAME, LABEL},
                {FIELD_USER_OBJECT_ID, ID}, {FIELD_USER_OBJECT_EXTERNAL_ID, ID}),
    [FACET_USER][EVENT_FLATTENED] = SOURCES({FIELD_USER_EMAIL, LABEL}, {FIELD_USER_NAME, LABEL},
                                            {FIELD_USER_ID_D, ID}, {FIELD_USER_ID, ID}),
    [FACET_CUSTOMER][EVENT_JOB] =
        SOURCES({FIELD_CONTEXT_USER_ID, ID}, {FIELD_ACCOUNT_ID, OTHERWISE},
                {FIELD_CONTEXT_USER_EXTERNAL_ID, ID}),
    [FACET_CUSTOMER][EVENT_ACTIVITY] =
        SOURCES({FIELD_TEAM_OBJECT_ID, ID}, {FIELD_TEAM_OBJECT_EXTERNAL_ID, ID}),
    [FACET_CUSTOMER][EVENT_FLATTENED] = SOURCES({FIELD_TEAM_ID_D, ID}, {FIELD_TEAM_ID, OTHERWISE}),
    [FACET_TYPE][EVENT_ACTIVITY] = SOURCES({FIELD_RESOURCE_OBJECT_TYPE, ID}),
    [FACET_TYPE][EVENT_FLATTENED] = SOURCES({FIELD_RESOURCE_TYPE, ID}),
    [FACET_ASSET][EVENT_JOB] = SOURCES({FIELD_RECIPE_ID, ID}, {FIELD_FLOW_ID, OTHERWISE},
                                       {FIELD_CONTEXT_RECIPE_NAME, LABEL}),
    [FACET_ASSET][EVENT_ACTIVITY] =
        SOURCES({FIELD_RESOURCE_OBJECT_ID, ID}, {FIELD_RESOURCE_OBJECT_NAME, LABEL},
                {FIELD_RESOURCE_OBJECT_FILE_NAME, LABEL}),
    [FACET_ASSET][EVENT_FLATTENED] =
        SOURCES({FIELD_RESOURCE_ID_D, ID}, {FIELD_RESOURCE_ID, OTHERWISE},
                {FIELD_RESOURCE_PROJECT_NAME, LABEL}),
};

uint64_t facet_inner(enum facet facet)
{
    uint64_t inner = 0;
    for (enum event_kind kind = EVENT_JOB; kind <= EVENT_FLATTENED; kind++)
        for (size_t i = 0; i < sources_of[facet][kind].count; i++)
            if (sources_of[facet][kind].source[i].field >= OUTER_FIELDS)
                inner |= FIELD_BIT(sources_of[facet][kind].source[i].field);
    return inner;
}

/* The member's value if it is not empty, else NULL. */
static inline const struct json_value *said(const struct event *event, const struct source *source)
{
    const struct json_value *value = event_field(event, source->field);
    bool says = value != NULL && (value->type == JSON_STRING || value->type == JSON_NUMBER);
    return says ? value : NULL;
}

/* Collects the members' contents, with escapes.  False with a reason: one is ambiguous. */
static bool collect(const struct event *event, const struct sources *sources,
                    struct facet_values *values, struct reason *reason)
{
    for (size_t i = 0; i < sources->count; i++) {
        const struct source *source = &sources->source[i];
        if (source->flags == OTHERWISE && values->count > 0)
            continue;
        if (event->differing != 0 && (event->differing & FIELD_BIT(source->field)) != 0)
            return reason_set(reason, "%s appears twice, with different values",
                              event_field_name(source->field));
        const struct json_value *value = said(event, source);
        if (value == NULL)
            continue;
        values->value[values->count++] =
            (struct facet_value){event_content(value), source->flags == LABEL};
    }
    return true;
}

/* Makes room for the decoded texts, which are no longer than their sources. */
static char *reserve(struct facet_reader *reader, enum facet facet,
                     const struct facet_values *values)
{
    size_t size = FACET_VALUES;
    for (size_t i = 0; i < values->count; i++)
        size += values->value[i].text.len;
    if (size > reader->buffer[facet].size) {
        char *grown = realloc(reader->buffer[facet].at, 2 * size);
        if (grown == NULL)
            return NULL;
        reader->buffer[facet].at = grown;
        reader->buffer[facet].size = 2 * size;
    }
    return reader->buffer[facet].at;
}

/* Writes the decoded text at `to`, with a NUL; returns the position after it. */
static char *decode(struct span *text, char *to)
{
    size_t len;
    if (!json_string_decode(*text, to, text->len, &len)) {
        memcpy(to, text->at, text->len);
        len = text->len;
    }
    to[len] = '\0';
    *text = (struct span){to, len};
    return to + len + 1;
}

/* Decodes the texts that have escapes, and always copies an activity's name, to add its NUL.
 * False: no memory. */
static bool decode_all(struct facet_reader *reader, enum facet facet, struct facet_values *values)
{
    char *to = reserve(reader, facet, values);
    if (to == NULL)
        return false;
    for (size_t i = 0; i < values->count; i++) {
        struct span *text = &values->value[i].text;
        if (facet == FACET_EVENT || memchr(text->at, '\\', text->len) != NULL)
            to = decode(text, to);
    }
    return true;
}

static void lower(char *at)
{
    for (; *at != '\0'; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at | 0x20);
}

bool facet_read(struct facet_reader *reader, const struct event *event, enum facet facet,
                struct facet_values *values, struct reason *reason)
{
    values->count = 0;
    if (facet == FACET_TYPE && event->kind == EVENT_JOB) {
        values->value[values->count++] = (struct facet_value){SPAN("Flow"), false};
        return true;
    }
    if (!collect(event, &sources_of[facet][event->kind], values, reason))
        return false;
    if ((facet == FACET_EVENT || event->escapes) && !decode_all(reader, facet, values))
        return reason_set(reason, "%s", strerror(ENOMEM));
    if (facet == FACET_EVENT && event->kind == EVENT_FLATTENED && values->count > 0)
        lower(reader->buffer[facet].at);
    if (facet == FACET_STATUS && values->count > 0)
        values->value[0].text = event_status(values->value[0].text);
    return true;
}

/* Whether the members' contents are facet_read()'s values: none has to be decoded, refused or
 * changed. */
static inline bool is_plain(const struct event *event, enum facet facet)
{
    return event->differing == 0 && !event->escapes &&
           !(facet == FACET_EVENT && event->kind == EVENT_FLATTENED) &&
           !(facet == FACET_TYPE && event->kind == EVENT_JOB);
}

bool facet_first(struct facet_reader *reader, const struct event *event, enum facet facet,
                 struct span *first, struct reason *reason)
{
    struct facet_values values;
    const struct sources *sources = &sources_of[facet][event->kind];
    *first = SPAN("");
    if (!is_plain(event, facet)) {
        if (!facet_read(reader, event, facet, &values, reason))
            return false;
        if (values.count > 0)
            *first = values.value[0].text;
        return true;
    }
    for (size_t i = 0; i < sources->count; i++) {
        const struct json_value *value = said(event, &sources->source[i]);
        if (value != NULL) {
            *first = event_content(value);
            if (facet == FACET_STATUS)
                *first = event_status(*first);
            break;
        }
    }
    return true;
}

bool facet_identity(struct facet_reader *reader, const struct event *event, enum facet facet,
                    struct span *id, struct span *label, struct reason *reason)
{
    struct facet_values values;
    const struct sources *sources = &sources_of[facet][event->kind];
    *id = *label = SPAN("");
    if (!is_plain(event, facet)) {
        if (!facet_read(reader, event, facet, &values, reason))
            return false;
        for (size_t i = values.count; i-- > 0;)
            if (values.value[i].text.len > 0)
                *(values.value[i].label ? label : id) = values.value[i].text;
        return true;
    }
    bool any = false;
    for (size_t i = 0; i < sources->count; i++) {
        const struct source *source = &sources->source[i];
        const struct json_value *value = said(event, source);
        if (value == NULL || (any && source->flags == OTHERWISE))
            continue;
        any = true;
        struct span *to = source->flags == LABEL ? label : id;
        if (to->len == 0)
            *to = event_content(value);
    }
    return true;
}

void facet_free(struct facet_reader *reader)
{
    for (enum facet f = 0; f < FACETS; f++)
        free(reader->buffer[f].at);
    *reader = (struct facet_reader){0};
}
