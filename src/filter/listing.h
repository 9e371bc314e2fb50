/* listing: counts and the catalogue, as a table for people or as NDJSON for programs. */
#ifndef LISTING_H
#define LISTING_H

#include "base/out.h"
#include "event/catalogue.h"
#include "filter/tally.h"

enum listing_form { LISTING_TABLE, LISTING_NDJSON };

/* Writes the counts of a finished tally: {"user":"…","count":3}, null for events without that key.
 * False: no memory. */
bool listing_counts(const struct tally *tally, enum listing_form form, struct out *out);

/* Writes the catalogue's activities, of one category or, with -1, of all: the rows of the data
 * file. In the table a '?' follows an event's name that is not published.  False: no memory. */
bool listing_activities(const struct catalogue *catalogue, int category, enum listing_form form,
                        struct out *out);

#endif
