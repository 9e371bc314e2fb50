/* commit: many requests share one sync.
 *
 * A separate thread takes the waiting requests, appends the lines of all of them, makes sure once
 * that they are kept, and sets each request's result.  Before it begins it waits a little for
 * others: until there are as many as last time, or for as long as that group took, or until the
 * longest wait is over. */
#ifndef COMMIT_H
#define COMMIT_H

#include "receive/store.h"

#include <pthread.h>

enum commit_sync {
    COMMIT_GROUP, /* one sync for all waiting requests */
    COMMIT_EACH,  /* one for each request */
    COMMIT_NONE,  /* no sync; no request waits for others */
};

struct commit_job {
    struct span lines;                    /* whole lines, which must stay valid until done() */
    enum store_result result;             /* for done() */
    void (*done)(struct commit_job *job); /* called by the committing thread */
    struct commit_job *next;
};

struct commit {
    struct store *store;
    enum commit_sync sync;
    int64_t wait; /* the longest wait of a request for others, in microseconds */

    pthread_t thread;
    pthread_mutex_t lock; /* protects the following members */
    pthread_cond_t wake;
    struct commit_job *first, **last;
    size_t count;
    size_t bytes;
    bool closing;

    pthread_mutex_t storing; /* held while the store is used */
    bool closed;             /* the store is closed */
    size_t taken;            /* how many the last group had */
    size_t expected; /* how many the next one may have: as many, and those that arrived while it was
                        synced */
    int64_t took;    /* microseconds that it took to keep the last group */
    _Atomic int64_t failed; /* when lines last could not be kept; 0: the last ones were kept */
    size_t refused;         /* requests refused since then */
    bool told;              /* this was reported */
    int64_t told_at;        /* when it was last reported; 0: never */
    bool told_held_up;      /* it was reported that segments are not published */
};

/* Starts the thread.  False with errno set. */
bool commit_begin(struct commit *commit);

/* Passes a request's lines on; job->done() is called later, by another thread.  False: the thread
 * ends or has ended, and done() is not called. */
bool commit_add(struct commit *commit, struct commit_job *job);

/* For COMMIT_NONE: writes the lines at once, and sets job->result; done() is not called. */
void commit_now(struct commit *commit, struct commit_job *job);

/* Whether the last lines could not be kept, a short while ago.  After that the state is unknown
 * until the next ones arrive: a sender that checks this before it sends must not be held off for
 * ever. */
bool commit_is_failing(struct commit *commit);

/* Finishes what was added, ends the thread, and closes the store.  Later requests are refused.
 * False: see store_close(). */
bool commit_end(struct commit *commit);

/* Frees it, at the end, when no thread calls it any more. */
void commit_free(struct commit *commit);

#endif
