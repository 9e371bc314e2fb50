/* tally: how often each user, asset, … stands in events.
 *
 * Memory grows with the number of different keys, not of events.
 */
#ifndef TALLY_H
#define TALLY_H

#include "event/facet.h"

enum tally_by {
    TALLY_NONE,
    TALLY_EVENT,
    TALLY_USER,     /* the email, or the name, or the id */
    TALLY_ASSET,    /* TYPE:ID, as --asset takes it */
    TALLY_CUSTOMER, /* the id */
    TALLY_DAY,      /* YYYY-MM-DD, UTC */
    TALLY_STATUS,
    TALLY_BYS,
};

struct tally_count {
    struct span key; /* at == NULL: the events that say nothing of it */
    uint64_t count;
};

struct tally {
    enum tally_by by;
    void *root; /* a tree of tsearch(3) over the nodes */
    struct tally_node *last;
    struct tally_count *counts;
    size_t distinct;
    struct facet_reader reader;
    char *key; /* a key that is put together */
    size_t key_size;
};

/* What to count by: its name, "user", and back.  TALLY_NONE: there is no such name. */
const char *tally_name(enum tally_by by);
enum tally_by tally_by(const char *name);

/* The inner fields that counting reads, for event_read(). */
uint64_t tally_inner(enum tally_by by);

/* Counts the event; a tally begins zeroed but for `by`.  False with a reason: what it is counted by
 * is ambiguous or, for a day, no time; or no memory is left. */
bool tally_event(struct tally *tally, const struct event *event, struct reason *reason);

/* Makes tally->counts: `distinct` of them, the highest first, those that are equal by key, the
 * events without a key after those with one.  They stay until the tally is freed.  False: no
 * memory. */
bool tally_finish(struct tally *tally);

void tally_free(struct tally *tally);

#endif
