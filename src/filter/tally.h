/* tally: how often each user, asset, day, … appears in events, or each combination of several.
 *
 * Memory grows with the number of different keys, not of events.
 */
#ifndef TALLY_H
#define TALLY_H

#include "event/facet.h"
#include "event/zone.h"

enum tally_by {
    TALLY_EVENT,
    TALLY_USER,     /* the email, or the name, or the id */
    TALLY_ASSET,    /* TYPE:ID, as --asset takes it */
    TALLY_RECIPE,   /* the id of a job's recipe, or of the recipe that an activity is about */
    TALLY_CUSTOMER, /* the id */
    TALLY_MONTH,    /* YYYY-MM */
    TALLY_DAY,      /* YYYY-MM-DD */
    TALLY_STATUS,
    TALLY_BYS,
};

enum { TALLY_KEYS = 4 }; /* keys that are counted together, at most */

struct tally_count {
    struct span key[TALLY_KEYS]; /* at == NULL: the events have no such key */
    uint64_t count;
};

struct tally {
    enum tally_by by[TALLY_KEYS];
    size_t keys;    /* 0: nothing is counted */
    enum zone zone; /* of days and months */
    void *root;     /* a tree of tsearch(3) over the nodes */
    struct tally_node *last;
    struct tally_count *counts;
    size_t distinct;
    struct facet_reader reader[TALLY_KEYS];
    char *text[TALLY_KEYS]; /* composed keys */
    size_t text_size[TALLY_KEYS];
};

/* The names of enum tally_by, "user", ended by NULL. */
extern const char *const tally_names[];

/* Parses the names to count by, separated by commas.  False with a reason. */
bool tally_parse(struct tally *tally, const char *argument, struct reason *reason);

/* The inner fields that counting reads, for event_read(). */
uint64_t tally_inner(const struct tally *tally);

/* Counts the event; a tally begins zeroed except for `zone` and tally_parse().  False with a
 * reason: a key is ambiguous or, for a day, there is no time; or there is no memory. */
bool tally_event(struct tally *tally, const struct event *event, struct reason *reason);

/* Makes tally->counts, with `distinct` entries: the highest first, equal ones by their keys, events
 * without a key after those with one.  They are valid until the tally is freed.  False: no
 * memory. */
bool tally_finish(struct tally *tally);

void tally_free(struct tally *tally);

#endif
