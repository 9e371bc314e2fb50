/* store: the place where received lines are kept: a spool directory, or standard output.
 *
 * Lines are kept once store_keep() has returned true after their store_append(); only then may they
 * be acknowledged.  In a directory they are in a segment that stays open (see spool/segment.h);
 * store_tick() publishes it for readers when it is large or old enough.  Calls must not overlap. */
#ifndef STORE_H
#define STORE_H

#include "spool/segment.h"

#include <stdatomic.h>

enum store_result {
    STORE_KEPT,
    STORE_FULL,   /* the directory has reached its limit */
    STORE_FAILED, /* nothing can be written: see store->reason */
};

struct store {
    const char *directory; /* NULL: standard output */
    bool sync;             /* sync what is kept */
    size_t segment_size;   /* bytes after which a segment is published */
    int64_t segment_time;  /* microseconds after which it is published */
    size_t max_size;       /* bytes that the directory may contain; 0: no limit */
    atomic_bool give_up;   /* a write that waits for a reader should end */

    struct reason reason; /* of the last STORE_FAILED or false */
    atomic_bool broken;   /* standard output has failed: nothing can be kept any more */
    struct spooldir spool;
    struct segment segment;
    struct spool_limit limit;
    int64_t opened; /* when the segment got its first line */
    bool dirty;     /* the segment has lines that are not yet kept */
    bool held_up;   /* the last due segment could not be published: see reason */
};

/* Opens the store as its first members say, and publishes what a killed receiver has left in the
 * directory.  False after a message. */
bool store_open(struct store *store);

/* Appends whole lines. */
enum store_result store_append(struct store *store, struct span lines);

/* Makes sure that the appended lines are kept.  False: no line since the last call is kept. */
bool store_keep(struct store *store);

/* Publishes the segment if it is time, and sets held_up.  A segment that cannot be published now
 * stays kept, and is tried again later.  Returns the microseconds until the next call is due; -1:
 * none. */
int64_t store_tick(struct store *store);

/* Publishes the rest, and closes.  False: it could not be published; the next user of the directory
 * will publish it. */
bool store_close(struct store *store);

#endif
