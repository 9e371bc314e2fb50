/* facet: what an event says of who, what and for whom, whatever its kind.
 *
 * Each kind of event says the same things in members of its own: a job has its user's email in
 * context.user_email, an activity in user.email, a flattened activity in user_email.  A facet is
 * such a thing; it knows the members for each kind.  Members are those of the sample events in
 * Workato's documentation, and of its page on telling a partner's customers apart.
 */
#ifndef FACET_H
#define FACET_H

#include "event/event.h"

enum facet {
    FACET_NONE,     /* nothing: no event has a value of it */
    FACET_EVENT,    /* the activity's name; a flattened one's is its resource_type in lower case */
    FACET_STATUS,   /* a job's, as event_status() has it */
    FACET_USER,     /* who did it: email, name, id, external id */
    FACET_CUSTOMER, /* whose workspace: id, external id */
    FACET_TYPE,     /* of what asset, as records call it; a job's is Flow, a recipe */
    FACET_ASSET,    /* which of them: id, name */
    FACETS,
    FACET_VALUES = 4, /* what a facet has at most */
};

struct facet_value {
    struct span text; /* escapes decoded, unless they are half of a UTF-16 pair */
    bool label;       /* a name or an email address, no id: upper and lower case are the same */
};

struct facet_values {
    struct facet_value value[FACET_VALUES]; /* the one that people know best is the first */
    size_t count;                           /* 0: the event says nothing of it */
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

/* What the event says; the texts stay as long as the event does and until the same facet is read
 * again.  FACET_EVENT's is followed by a NUL.  False with a reason: a member appears twice
 * with different values, or no memory is left. */
bool facet_read(struct facet_reader *reader, const struct event *event, enum facet facet,
                struct facet_values *values, struct reason *reason);

/* The first of facet_read()'s values alone; its length is 0 if there is none.  FACET_EVENT's need
 * not be followed by a NUL. */
bool facet_first(struct facet_reader *reader, const struct event *event, enum facet facet,
                 struct span *first, struct reason *reason);

/* Of facet_read()'s values the first id and the first label that are not empty; the length of one
 * that is missing is 0. */
bool facet_identity(struct facet_reader *reader, const struct event *event, enum facet facet,
                    struct span *id, struct span *label, struct reason *reason);

void facet_free(struct facet_reader *reader);

#endif
