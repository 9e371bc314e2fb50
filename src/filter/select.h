/* select: which events are selected.
 *
 * A selection consists of criteria.  Several of one kind are alternatives, criteria of different
 * kinds must all be met.  They include the filters of the console's activity audit log: time, user,
 * asset. */
#ifndef SELECT_H
#define SELECT_H

#include "event/catalogue.h"
#include "event/facet.h"

#include <stdatomic.h>

enum criterion {
    SELECT_SINCE, /* the event's time, inclusive; the last one given counts */
    SELECT_UNTIL, /* the same, exclusive */
    SELECT_USER,
    SELECT_ASSET,
    SELECT_EVENT,
    SELECT_CATEGORY,
    SELECT_CUSTOMER,
    SELECT_STATUS,
    SELECT_KIND,
    CRITERIA,
};

_Static_assert(CATALOGUE_CATEGORIES <= 64, "selection.categories has a bit for each");

struct wanted_asset {
    struct span type; /* as in records */
    struct span key;  /* id or name; at == NULL for any */
};

struct wanted_word {
    struct span text;
    atomic_bool met; /* of an event's name: an event matched it; shared by threads */
};

struct selection {
    struct timestamp since, until;
    bool has[CRITERIA];
    struct wanted_word *word[CRITERIA]; /* of user, event, customer, status: the wanted words */
    size_t words[CRITERIA];
    struct wanted_asset *asset;
    size_t assets;
    unsigned kinds;      /* bit per enum event_kind */
    uint64_t categories; /* bit per number in the catalogue */
    struct catalogue catalogue;
    struct facet_reader reader;
};

enum match {
    MATCH_NO,
    MATCH_YES,
    MATCH_WRONG, /* ambiguous; the reason says why */
};

/* Adds a criterion; a selection begins zeroed.  The argument must stay valid; durations count from
 * `now`.  False with a reason: no such time, kind, category, status or type of asset, an empty
 * range of times, or no memory. */
bool select_add(struct selection *selection, enum criterion criterion, const char *argument,
                const struct timestamp *now, struct reason *reason);

/* The inner fields that the criteria read, for event_read(). */
uint64_t select_inner(const struct selection *selection);

/* Whether the event, of a known kind, meets all criteria.  They are checked one after the other, up
 * to the first that is not met. */
enum match select_match(struct selection *selection, const struct event *event,
                        struct reason *reason);

/* Reports names of events that were probably misspelt: those that no event matched and that match
 * nothing in the catalogue either.  *next counts them, from 0.  False: there are no more; true with
 * a message that suggests the nearest names. */
bool select_unknown_event(struct selection *selection, size_t *next, struct reason *message);

/* The catalogue, read when first needed.  NULL: no memory. */
const struct catalogue *select_catalogue(struct selection *selection);

/* The number of the category with the user's name.  False with a reason that lists the categories:
 * there is no such one; or no memory. */
bool select_find_category(struct selection *selection, const char *name, unsigned *number,
                          struct reason *reason);

void select_free(struct selection *selection);

#endif
