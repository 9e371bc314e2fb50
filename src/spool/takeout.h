/* takeout: while a command runs, removes the segments whose lines have all been delivered.
 *
 * So space is freed early, and little is left to do after the command has ended.  Only certain
 * cases are removed: segments that have not changed since their lines got MACs, with a valid
 * receipt for each line that is not blank.  acknowledge.h and settle.h do the rest at the end, and
 * all of it if something here fails. */
#ifndef TAKEOUT_H
#define TAKEOUT_H

#include "spool/acknowledge.h"

#include <pthread.h>

enum { TAKEOUT_AT_ONCE = 64 }; /* segments that are removed at once */

struct takeout {
    bool begun;
    int fd;                        /* the receipts; -1: not open yet */
    struct filelines receipts;     /* read up to here */
    struct acknowledgement so_far; /* according to them */
    int64_t wait;                  /* microseconds until the next check */
    int new;                       /* the directory of the segments */
    struct removal {
        struct batch_part *part;
        bool removed;
    } removal[TAKEOUT_AT_ONCE]; /* the thread's while it is running */
    size_t count;
    pthread_t thread;
    bool running;
    bool behind; /* the last check has left some */
};

/* Reads new receipts, and removes what can be removed; the lines of the batch have to be counted.
 * Returns the microseconds until the next call. */
int64_t takeout_step(struct takeout *takeout, struct batch *batch);

/* The batch has grown: the next step reads its receipts from the first one on. */
void takeout_restart(struct takeout *takeout);

/* The command has ended: checks once more, and waits until the done segments are removed.  True:
 * these are the whole batch; nothing is left to settle, and *a marks all lines as done. */
bool takeout_finish(struct takeout *takeout, struct batch *batch, struct acknowledgement *a);

/* Waits for the removals that takeout_step() has begun, and forgets the batch. */
void takeout_end(struct takeout *takeout);

#endif
