/* facet: who, what and for whom, in events of any kind.
 *
 * Each kind of event has the same facts in different members: a job has its user's email in
 * context.user_email, an activity in user.email, a flattened activity in user_email.  A facet is
 * such a fact, with the members for each kind.  The members are those of the sample events in
 * Workato's documentation, and of its page on distinguishing a partner's customers. */
#ifndef FACET_H
#define FACET_H

#include "event/event.h"

enum facet {
    FACET_NONE,     /* nothing: no event has a value for it */
    FACET_EVENT,    /* the activity's name; a flattened one's is its resource_type in lower case */
    FACET_STATUS,   /* a job's, as event_status() returns it */
    FACET_USER,     /* who did it: email, name, id, external id */
    FACET_CUSTOMER, /* whose workspace: id, external id */
    FACET_TYPE,     /* the type of the asset, as in records; a job's is Flow, a recipe */
    FACET_ASSET,    /* the asset itself: id, name */
    FACETS,
    FACET_VALUES = 4, /* values of a facet, at most */
};

struct facet_value {
    struct span text; /* escapes decoded, unless they are half of a UTF-16 pair */
    bool label;       /* a name or an email address, not an id: case does not matter */
};

struct facet_values {
    struct facet_value value[FACET_VALUES]; /* the best known one comes first */
    size_t count;                           /* 0: the event has none */
};

/* Keeps the decoded texts.  Begins zeroed. */
struct facet_reader {
    struct {
        char *at;
        size_t size;
    } buffer[FACETS];
};

/* The inner fields that event_read() has to look for, as FIELD_BIT()s. */
uint64_t facet_inner(enum facet facet);

/* Reads the event's values; the texts are valid as long as the event is and until the same facet is
 * read again.  FACET_EVENT's is followed by a NUL.  False with a reason: a member appears twice
 * with different values, or there is no memory. */
bool facet_read(struct facet_reader *reader, const struct event *event, enum facet facet,
                struct facet_values *values, struct reason *reason);

/* Reads only the first of facet_read()'s values; its length is 0 if there is none.  FACET_EVENT's
 * need not be followed by a NUL. */
bool facet_first(struct facet_reader *reader, const struct event *event, enum facet facet,
                 struct span *first, struct reason *reason);

/* Reads the first id and the first label that are not empty among facet_read()'s values; a missing
 * one has the length 0. */
bool facet_identity(struct facet_reader *reader, const struct event *event, enum facet facet,
                    struct span *id, struct span *label, struct reason *reason);

void facet_free(struct facet_reader *reader);

#endif
