/* intake: reads addressed events and gives each its SHA-256, in input order.
 *
 * To take a record apart and to digest its event costs more than reading it, so that threads do it,
 * a batch of records each; a very large record is digested by one thread while its text is checked
 * and the next one is read.  What little comes now and then is dealt with at once, without threads.
 */
#ifndef INTAKE_H
#define INTAKE_H

#include "base/digest.h"
#include "filter/filter.h"
#include "seal/seal_file.h"

struct intake {
    struct filter *filter;

    /* By any thread: writes the event's line, at most SEAL_LINE_MAX bytes, and returns its length;
     * 0: the event is rejected for the reason given.  NULL: there are no lines. */
    size_t (*write)(void *context, struct span path, const unsigned char digest[DIGEST_SIZE],
                    char *line, struct reason *reason);

    /* Takes an event, its path in record->name; in input order.  False: the record is rejected for
     * the reason given; to stop, set filter->stop. */
    bool (*take)(void *context, const struct record *record,
                 const unsigned char digest[DIGEST_SIZE], struct span line, struct reason *reason);

    /* By any thread.  known() says whether the event is settled by its path and digest: take() does
     * not get it then, and it is counted in known_events.  expect() is called for each shortly
     * before, for what takes time to get at.  NULL: no event is settled so. */
    void (*expect)(void *context, struct span path);
    bool (*known)(void *context, struct span path, const unsigned char digest[DIGEST_SIZE]);
    uint64_t known_events;

    /* Before a wait for input: when it wants to be called again, in milliseconds; -1: never.  NULL:
     * there is nothing to do then. */
    int (*idle)(void *context);
    void *context;
    bool unchecked; /* do not check that an event is JSON where its place in the line is plain */
    bool tee;       /* write each line that was taken to standard output */
};

/* Reads until the input's end, a signal that asks to stop, or filter->stop.  Bare events are
 * rejected: they have no path. */
void intake_run(struct intake *intake);

#endif
