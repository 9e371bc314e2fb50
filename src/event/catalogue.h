/* catalogue: the activities that Workato's documentation of the activity audit log lists.
 *
 * data/activities.json is compiled in, and parsed with cJSON when it is needed.  Its `activities`
 * are in the documentation's categories and order; `event` and `resource_type` are the names in
 * records, null if not known; `seen` says that the event's name is published, in a sample event or
 * in the API reference, and not only inferred by analogy.  `assets` are the console's names for
 * types of resource. */
#ifndef CATALOGUE_H
#define CATALOGUE_H

#include "base/span.h"

struct cJSON;

enum { CATALOGUE_CATEGORIES = 64 }; /* in a catalogue, at most */

struct activity {
    const char *category, *name, *description;
    const char *event, *resource_type; /* NULL if unknown */
    bool seen;
    unsigned number;          /* the category's */
    const struct cJSON *json; /* the whole row */
};

struct catalogue_asset {
    const char *name, *resource_type;
};

struct catalogue {
    struct cJSON *document;
    struct activity *activity; /* in the order of the data file */
    size_t activities;
    const struct activity **by_event; /* those with a known event, in the order of its name */
    size_t events;
    const char **category;
    unsigned categories;
    struct catalogue_asset *asset;
    size_t assets;
};

/* Reads the catalogue.  False: no memory, or it has more than CATALOGUE_CATEGORIES. */
bool catalogue_read(struct catalogue *catalogue);
void catalogue_free(struct catalogue *catalogue);

/* Whether two names of categories or assets are the same for a user: case, spaces, hyphens,
 * underscores, slashes and a plural s are ignored. */
bool catalogue_same_name(struct span a, struct span b);

/* The number of the category with that name; -1 if there is none. */
int catalogue_category(const struct catalogue *catalogue, struct span name);

/* The category of the event with that name; -1 if the catalogue lacks it. */
int catalogue_event_category(const struct catalogue *catalogue, struct span event);

/* The category of activities on that type of resource; -1 if the catalogue lacks it. */
int catalogue_type_category(const struct catalogue *catalogue, struct span resource_type);

#endif
