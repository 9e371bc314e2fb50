/* syncer: syncs a file in the background.
 *
 * A thread calls fsync(2) for one file at a time.  It is started with the first file; if it cannot
 * be started, syncer_start() itself syncs.
 *
 *     struct syncer syncer = SYNCER;
 *     syncer_start(&syncer, fd);
 *     … poll(2) for syncer.done …
 *     error = syncer_finish(&syncer);
 *     syncer_end(&syncer); */
#ifndef SYNCER_H
#define SYNCER_H

#include <pthread.h>
#include <stdbool.h>

struct syncer {
    pthread_t thread;
    bool running; /* the thread */
    bool busy;    /* there is a file, and its result was not fetched */
    int file;     /* the file */
    int error;    /* an errno */
    int task;     /* an eventfd: a file is ready; the second time: end */
    int done;     /* an eventfd that becomes readable when the file is synced; -1: none yet */
};
#define SYNCER                                                                                     \
    {                                                                                              \
        .file = -1, .task = -1, .done = -1                                                         \
    }

/* Begins to sync the file, which must stay open; syncer->busy must be false, and is true
 * afterwards. */
void syncer_start(struct syncer *syncer, int fd);

/* Waits until it is synced.  0, or the errno of the sync. */
int syncer_finish(struct syncer *syncer);

/* Waits for the sync, if there is one, and ends the thread. */
void syncer_end(struct syncer *syncer);

#endif
