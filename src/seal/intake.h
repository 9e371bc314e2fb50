/* intake: reads addressed events and passes on each with its SHA-256, in input order.
 *
 * Parsing a record and digesting its event costs more than reading it, so threads do it, a batch of
 * records each; a very large record is digested by one thread while its text is checked and the
 * next one is read.  A few records now and then are processed at once, without threads. */
#ifndef INTAKE_H
#define INTAKE_H

#include "base/digest.h"
#include "filter/filter.h"
#include "seal/seal_file.h"

struct intake {
    struct filter *filter;

    /* Called by any thread: writes the event's line, at most SEAL_LINE_MAX bytes, and returns its
     * length; 0: the event is rejected for the given reason.  NULL: there are no lines. */
    size_t (*write)(void *context, struct span path, const unsigned char digest[DIGEST_SIZE],
                    char *line, struct reason *reason);

    /* Takes an event, with its path in record->name; in input order.  False: the record is rejected
     * for the given reason; to stop, set filter->stop. */
    bool (*take)(void *context, const struct record *record,
                 const unsigned char digest[DIGEST_SIZE], struct span line, struct reason *reason);

    /* Called by any thread.  known() says whether the event is settled by its path and digest; it
     * is then counted in known_events and not passed to take().  expect() is called for each
     * shortly before, to prefetch data.  NULL: no event is settled so. */
    void (*expect)(void *context, struct span path);
    bool (*known)(void *context, struct span path, const unsigned char digest[DIGEST_SIZE]);
    uint64_t known_events;

    /* Called before a wait for input; returns when to call it again, in milliseconds; -1: never.
     * NULL: nothing to do. */
    int (*idle)(void *context);
    void *context;
    bool unchecked; /* do not check that an event is JSON if its position in the line is evident */
    bool tee;       /* write each accepted line to standard output */
};

/* Reads until the input's end, a signal that asks to stop, or filter->stop.  Bare events are
 * rejected: they have no path. */
void intake_run(struct intake *intake);

#endif
