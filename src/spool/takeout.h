/* takeout: while a command runs, removes the segments whose lines have all been delivered.
 *
 * So the space is free early, and little is left to do when the command has ended.  Only what is
 * beyond doubt is removed: segments that have not changed since their lines got MACs, with a
 * receipt that fits for each line that is not blank.  acknowledge.h and settle.h do the rest at the
 * end, and all of it where something here fails.
 */
#ifndef TAKEOUT_H
#define TAKEOUT_H

#include "spool/acknowledge.h"

#include <pthread.h>

enum { TAKEOUT_AT_ONCE = 64 }; /* segments that are removed at once */

struct takeout {
    bool begun;
    int fd;                        /* the receipts; -1: not open yet */
    struct filelines receipts;     /* read up to here */
    struct acknowledgement so_far; /* by them */
    int64_t wait;                  /* microseconds until the next look */
    int new;                       /* the directory of the segments */
    struct removal {
        struct batch_part *part;
        bool removed;
    } removal[TAKEOUT_AT_ONCE]; /* the thread's while it is running */
    size_t count;
    pthread_t thread;
    bool running;
    bool behind; /* the last look has left some */
};

/* Looks for receipts that have come, and removes what can be; the lines of the batch have to be
 * counted.  Returns after how many microseconds to look again. */
int64_t takeout_step(struct takeout *takeout, struct batch *batch);

/* The batch has grown: the next step reads its receipts from the first one on. */
void takeout_restart(struct takeout *takeout);

/* The command has ended: looks once more, and waits until what is done is removed.  True: that is
 * all of the batch; nothing is left to settle, and *a says that all lines are done. */
bool takeout_finish(struct takeout *takeout, struct batch *batch, struct acknowledgement *a);

/* Waits until what takeout_step() has begun to remove is removed, and forgets the batch. */
void takeout_end(struct takeout *takeout);

#endif
