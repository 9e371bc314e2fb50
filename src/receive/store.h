/* store: where received lines are kept: in a spool directory, or standard output.
 *
 * The lines that store_append() takes are kept once store_keep() has returned true after it; only
 * then may a sender be told so.  In a directory they are in a segment that stays open (see
 * spool/segment.h); store_tick() publishes it for others to read when it is large or old enough.
 * Calls must not overlap.
 */
#ifndef STORE_H
#define STORE_H

#include "spool/segment.h"

#include <stdatomic.h>

enum store_result {
    STORE_KEPT,
    STORE_FULL,   /* the directory holds as much as it may */
    STORE_FAILED, /* nothing can be written: see store->reason */
};

struct store {
    const char *directory; /* NULL: standard output */
    bool sync;             /* sync what is kept */
    size_t segment_size;   /* bytes after which a segment is published */
    int64_t segment_time;  /* microseconds after which it is */
    size_t max_size;       /* bytes that the directory may hold; 0: any number */
    atomic_bool give_up;   /* a write that waits for a reader is to end */

    struct reason reason; /* of the last STORE_FAILED or false */
    atomic_bool broken;   /* standard output has failed: nothing can be kept any more */
    struct spooldir spool;
    struct segment segment;
    struct spool_limit limit;
    int64_t opened; /* when the segment got its first line */
    bool dirty;     /* the segment has lines that are not yet kept */
    bool held_up;   /* the last segment whose time had come could not be published: see reason */
};

/* Opens the store as its first members say, and publishes what a receiver that was killed has left
 * in the directory.  False after a message. */
bool store_open(struct store *store);

/* Appends whole lines. */
enum store_result store_append(struct store *store, struct span lines);

/* Makes sure that what was appended is kept.  False: nothing of it is, since the last call. */
bool store_keep(struct store *store);

/* Publishes the segment if it is time, and sets held_up.  What cannot be published now stays kept,
 * and is tried again later.  Returns the microseconds until the next call is due; -1: none is. */
int64_t store_tick(struct store *store);

/* Publishes what is left, and closes.  False: it could not be published; it is published by
 * whoever uses the directory next. */
bool store_close(struct store *store);

#endif
