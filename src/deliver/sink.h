/* sink: a destination, as the delivery loop (deliver.h) sees it.
 *
 * The loop reads records, parses each (record_split), skips what --skip names, and calls accept().
 * Accepted records are submitted; a record then belongs to the sink until that settles it with
 * ledger_settle(sink->ledger, record, &outcome), from within any of its functions, now or later,
 * and exactly once.  commit() makes everything durable that was submitted since the last commit.  A
 * sink writes no message about a record, no reject and no receipt.
 *
 * A simple sink (a directory, a spool) works within submit() and commit() and leaves the functions
 * from room() on NULL.  A sink with work under way (HTTP requests, a producer's queue) has run()
 * and wait() too.  A new sink is one file that fills in this struct, and a tool whose run() is one
 * call of deliver_run().
 *
 * Times are microseconds of clock_now(). */
#ifndef SINK_H
#define SINK_H

#include "base/diag.h"
#include "deliver/outcome.h"
#include "filter/record.h"

struct ledger;

#define SINK_NO_TIME INT64_MAX

struct sink {
    /* Set by the sink. */
    void *context;    /* its own */
    const char *name; /* of the destination, for messages; it contains no secret */

    /* Checks a record whose path, name and event are known; may set body, size and tag.  False: it
     * is rejected, for the given reason.  Nothing else happens yet. */
    bool (*accept)(struct sink *sink, struct record *record, struct reason *reason);

    /* Takes the record over. */
    void (*submit)(struct sink *sink, struct record *record);

    /* Makes durable what was submitted and settles it; a sink with work under way only makes sure
     * that everything was sent.  Called when the group is full (below), and at the end. */
    void (*commit)(struct sink *sink);

    /* All of the following may be NULL. */

    /* Whether another record can be submitted now.  False: the loop reads nothing more until
     * something happens or the time *wake_at, which may be lowered.  NULL: always. */
    bool (*room)(struct sink *sink, int64_t *wake_at);

    /* Moves work on without waiting; called in each round of the loop.  May lower *wake_at to when
     * it must be called again. */
    void (*run)(struct sink *sink, int64_t *wake_at);

    /* Waits until work under way can go on, `input` or `wake` (either may be -1) can be read, or
     * `timeout` has passed.  True: input can be read.  NULL: poll(2) does it. */
    bool (*wait)(struct sink *sink, int input, int wake, int64_t timeout);

    /* Before a wait without a known end, with all records settled: releases what others may want to
     * move or remove. */
    void (*rest)(struct sink *sink);

    /* The loop stops: settles as undelivered, with no reason, the records that are not under way;
     * with `all` also those under way, because their time is over.  NULL: a stop waits for
     * commit(). */
    void (*give_up)(struct sink *sink, bool all);

    /* When the loop calls commit(): as soon as one of these limits is reached, when memory is full,
     * and at the end.  SINK_NO_TIME is no limit. */
    size_t group_records; /* records submitted since the last commit(); 0: no limit */
    size_t group_bytes;   /* the sum of their sizes; 0: no limit */
    int64_t group_time;   /* since the first of them was submitted */
    int64_t group_idle;   /* since the last input was available */
    size_t window;        /* bytes of records that the sink wants in memory, if that is much */
    int64_t drain;        /* how long a stop waits before give_up(…, all) */
    bool shows;           /* it only shows what it would do: no receipts, no summary */

    /* Set by the sink, for the progress line. */
    size_t under_way; /* requests and the like that are under way */
    size_t retrying;  /* requests that wait to be tried again */

    /* Set by the loop. */
    struct ledger *ledger;
    struct json *json; /* in accept(): the reader that has just read the record */
    int64_t now;       /* the time of this round */
    bool stopping;     /* nothing new should be begun */
    bool input_ended;  /* nothing more will be submitted */
    bool full;         /* memory is full: nothing more is read until something is settled */

    /* Set by sink_stop(). */
    bool hopeless;
    struct reason why;
    const char *at_source; /* the record at which it stopped; NULL: none in particular */
    size_t at_line;
};

/* Says that nothing can be delivered any more (a full disk, a wrong credential): the loop stops
 * reading, writes one message with the reason, and the exit status is STATUS_FAILED.  at, if not
 * NULL, is the first record that could not be delivered; the sink still settles it and all that it
 * holds, as undelivered with no reason.  Only the first call counts. */
void sink_stop(struct sink *sink, const struct record *at, const char *why);

#endif
