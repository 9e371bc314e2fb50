/* sink: a destination, as the delivery loop (deliver.h) sees it.
 *
 * The loop reads records, takes each apart (record_split), passes over what --skip names, and asks
 * accept().  What is accepted is submitted; it is the sink's until it settles it with
 * ledger_settle(sink->ledger, record, &outcome), from within any of its functions, now or later,
 * and exactly once.  commit() makes durable what was submitted since the last one.  A sink writes
 * no message about a record, no reject and no receipt.
 *
 * A simple sink (a directory, a spool) works within submit() and commit() and leaves the functions
 * from room() on NULL.  One that has work under way meanwhile (HTTP requests, a producer's queue)
 * has run() and wait() too.  A new sink is one file that fills this in, and a tool whose run() is
 * one call of deliver_run().
 *
 * Times are microseconds of clock_now().
 */
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
    const char *name; /* of the destination, for messages; no secret in it */

    /* Looks at a record whose path, name and event are known; may set body, size and tag.  False:
     * it is rejected, for the reason given.  Nothing else happens yet. */
    bool (*accept)(struct sink *sink, struct record *record, struct reason *reason);

    /* Takes the record over. */
    void (*submit)(struct sink *sink, struct record *record);

    /* Makes durable what was submitted and settles it; a sink with work under way only makes sure
     * that all of it is on its way.  Called when the group is full (below), and at the end. */
    void (*commit)(struct sink *sink);

    /* All of the following may be NULL. */

    /* Whether another record can be submitted now.  False: the loop reads nothing more until
     * something happens or *wake_at, which may be lowered, has come.  NULL: always. */
    bool (*room)(struct sink *sink, int64_t *wake_at);

    /* Moves on what is under way, without waiting; called in each round of the loop.  May lower
     * *wake_at to when it wants to be called again. */
    void (*run)(struct sink *sink, int64_t *wake_at);

    /* Waits until work under way can go on, `input` or `wake` (either may be -1) can be read, or
     * `timeout` has passed.  True: input can be read.  NULL: poll(2) does it. */
    bool (*wait)(struct sink *sink, int input, int wake, int64_t timeout);

    /* Before a wait whose end is not in sight, all being settled: lets go of what others may want
     * to move or remove. */
    void (*rest)(struct sink *sink);

    /* The loop stops: settles as undelivered, with no reason, what is not under way; with `all`
     * also what is, because its time is over.  NULL: a stop waits for commit(). */
    void (*give_up)(struct sink *sink, bool all);

    /* When the loop calls commit(): as soon as one of these is reached, when as much is held as may
     * be, and at the end.  SINK_NO_TIME is no limit. */
    size_t group_records; /* records submitted since the last commit(); 0: no limit */
    size_t group_bytes;   /* the sum of their sizes; 0: no limit */
    int64_t group_time;   /* since the first of them was submitted */
    int64_t group_idle;   /* since there was input to read */
    size_t window;        /* bytes of records that it wants to be held, where that is much */
    int64_t drain;        /* how long a stop waits before give_up(…, all) */
    bool shows;           /* it only shows what it would do: no receipts, no summary */

    /* Set by the sink, for the progress line. */
    size_t under_way; /* requests and the like that are under way */
    size_t retrying;  /* those that wait to be tried again */

    /* Set by the loop. */
    struct ledger *ledger;
    struct json *json; /* in accept(): has read the record last */
    int64_t now;       /* the time of this round */
    bool stopping;     /* nothing new is to be begun */
    bool input_ended;  /* nothing more will be submitted */
    bool full; /* as much is held as may be: nothing more is read until something is settled */

    /* Set by sink_stop(). */
    bool hopeless;
    struct reason why;
    const char *at_source; /* the record at which it stopped; NULL: none in particular */
    size_t at_line;
};

/* Says that nothing can be delivered any more (a full disk, a wrong credential): the loop reads no
 * further, tells why in one message, and the exit status is STATUS_FAILED.  at, if not NULL, is the
 * first record that this cost; the sink then still settles it and all that it holds, as undelivered
 * with no reason.  The first call counts. */
void sink_stop(struct sink *sink, const struct record *at, const char *why);

#endif
