/* members: the members that a template uses, found in the one pass that reads a record.
 *
 * Members are given as paths of names separated by dots, "context.user_id", from the event inwards.
 * They form a tree; while the event is read, each member in the tree is entered or noted, and
 * everything else is skipped. */
#ifndef MEMBERS_H
#define MEMBERS_H

#include "event/event.h"
#include "json/json.h"

/* A wanted member, or one on the path to it. */
struct member {
    struct span name, path; /* its own name; the names from the event to it */
    size_t parent, child,
        sibling;             /* numbers of members: its parent, its first child, its next sibling */
    const char *start;       /* where its object begins, while it is being read */
    struct json_value value; /* the first of that name; type JSON_NONE: absent */
    bool differing;          /* it appears again with other bytes */
};

/* Begins zeroed.  Member 0 is the event itself. */
struct members {
    struct member *member;
    size_t count, capacity;
};

/* Adds the member of that path, whose names have 1 to JSON_KEY_MAX bytes; the bytes must stay
 * valid.  Returns its number; 0: no memory. */
size_t members_add(struct members *members, struct span path);
/* Makes a copy with the same paths, and values of its own.  False: no memory. */
bool members_copy(struct members *copy, const struct members *members);

void members_free(struct members *members);

/* Drops the last record's values. */
void members_begin(struct members *members);

/* The event_visitor that notes wanted members; context is struct members. */
bool members_visit(void *context, struct json *json, const struct json_key *key,
                   enum event_field field, struct json_value *value);

/* A member that appears twice with different values; NULL if there is none. */
const struct member *members_differing(const struct members *members);

#endif
