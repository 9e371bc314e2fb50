/* members: the members that a template asks for, found in the one pass that reads a record.
 *
 * Wanted are paths of member names parted by dots, "context.user_id", from the event inwards.  They
 * make a tree; while the event is read, each member that the tree knows is followed or noted, and
 * everything else is skipped.
 */
#ifndef MEMBERS_H
#define MEMBERS_H

#include "event/event.h"
#include "json/json.h"

/* A member that is wanted, or that is on the way to one. */
struct member {
    struct span name, path;        /* its own name; the names from the event to it */
    size_t parent, child, sibling; /* members by number: that it is in, its first, the next */
    const char *start;             /* where its object begins, while that is read */
    struct json_value value;       /* the first of that name; type JSON_NONE: absent */
    bool differing;                /* it appears again with other bytes */
};

/* Begins zeroed.  Member 0 is the event itself. */
struct members {
    struct member *member;
    size_t count, capacity;
};

/* Wants the member of that path, whose names have 1 to JSON_KEY_MAX bytes; the bytes must stay.
 * Its number, 0 if no memory is left. */
size_t members_add(struct members *members, struct span path);
/* A copy that wants the same, whose values are its own.  False: no memory. */
bool members_copy(struct members *copy, const struct members *members);

void members_free(struct members *members);

/* Forgets the last record's values. */
void members_begin(struct members *members);

/* The event_visitor that notes what is wanted; context is struct members. */
bool members_visit(void *context, struct json *json, const struct json_key *key,
                   enum event_field field, struct json_value *value);

/* A member that appears twice with different values, NULL if there is none. */
const struct member *members_differing(const struct members *members);

#endif
