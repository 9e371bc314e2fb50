/* commit: many requests share one sync.
 *
 * A thread of its own takes the requests that wait, appends the lines of all of them, makes sure
 * once that they are kept, and tells each what became of its lines.  It waits a little for others
 * before it begins: until as many have come as there were senders last time, or for as long as that
 * group took to be kept, or until the longest wait is over.
 */
#ifndef COMMIT_H
#define COMMIT_H

#include "receive/store.h"

#include <pthread.h>

enum commit_sync {
    COMMIT_GROUP, /* one sync for all that wait */
    COMMIT_EACH,  /* one for each request */
    COMMIT_NONE,  /* none at all; nobody waits for others */
};

struct commit_job {
    struct span lines;                    /* whole lines, which stay until done() */
    enum store_result result;             /* for done() */
    void (*done)(struct commit_job *job); /* called by the committing thread */
    struct commit_job *next;
};

struct commit {
    struct store *store;
    enum commit_sync sync;
    int64_t wait; /* microseconds that a request waits at most for others */

    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wake;
    struct commit_job *first, **last;
    size_t count;
    size_t bytes;
    bool closing;

    pthread_mutex_t storing; /* held while the store is used */
    bool closed;             /* the store is */
    size_t taken;            /* how many the last group had */
    size_t expected;         /* how many the next one may have: as many, and those that came
                                while it was synced */
    int64_t took;            /* microseconds that the last group took to be kept */
    _Atomic int64_t failed;  /* when the last lines could not be kept; 0: they could */
    size_t refused;          /* requests, since then */
    bool told;               /* the user knows */
    int64_t told_at;         /* when that was said last; 0: never */
    bool told_held_up;       /* the user knows that segments are not published */
};

/* Starts the thread.  False with errno set. */
bool commit_begin(struct commit *commit);

/* Hands a request's lines over; job->done() is called later, by another thread.  False: the thread
 * ends or has ended, and done() is not called. */
bool commit_add(struct commit *commit, struct commit_job *job);

/* For COMMIT_NONE: writes the lines at once, and sets job->result; done() is not called. */
void commit_now(struct commit *commit, struct commit_job *job);

/* Whether the last lines could not be kept, a short while ago.  After that nobody knows until the
 * next ones come; whoever asks before sending any must not wait for ever. */
bool commit_is_failing(struct commit *commit);

/* Finishes what was added, ends the thread, and closes the store.  What comes later is refused.
 * False: see store_close(). */
bool commit_end(struct commit *commit);

/* After the end, when nobody calls any more. */
void commit_free(struct commit *commit);

#endif
