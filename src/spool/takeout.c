#include "config.h"

#include "base/thread.h"
#include "spool/takeout.h"

#include <unistd.h>

enum {
    SOON = 20 * 1000,    /* microseconds between checks while receipts arrive … */
    LATER = 1000 * 1000, /* … and while none do, at most */
};

/* Removal may block on a file system that syncs for another process, and freeing a large file takes
 * milliseconds: without a thread the command would get no input meanwhile. */
static void *remove_all(void *context)
{
    struct takeout *t = context;
    for (size_t i = 0; i < t->count; i++)
        t->removal[i].removed = unlinkat(t->new, t->removal[i].part->name, 0) == 0;
    return NULL;
}

/* Notes what the thread, which has ended, has removed. */
static void note_removed(struct takeout *t)
{
    for (size_t i = 0; i < t->count; i++)
        t->removal[i].part->removed = t->removal[i].removed;
    t->count = 0;
    t->running = false;
}

/* Waits until the removal in progress has ended. */
static void join(struct takeout *t)
{
    if (!t->running)
        return;
    pthread_join(t->thread, NULL);
    note_removed(t);
}

static void start_removing(struct takeout *t)
{
    if (t->count == 0)
        return;
    t->running = thread_start(&t->thread, remove_all, t) == 0;
    if (t->running)
        return;
    remove_all(t);
    note_removed(t);
}

/* Removes the segments that are done. */
static void take_out_done(struct takeout *t, struct batch *batch)
{
    const unsigned char *verdict = t->so_far.verdict;
    t->behind = t->running && pthread_tryjoin_np(t->thread, NULL) != 0;
    if (t->behind)
        return;
    note_removed(t);
    t->new = batch->spool->place[SPOOL_NEW];
    for (size_t i = 0; i < batch->counted && !t->behind; i++) {
        struct batch_part *part = &batch->part[i];
        if (!part->removed && memchr(verdict, LINE_STAYS, part->lines) == NULL &&
            batch_part_is_unchanged(batch, part) && batch_count_all(batch))
            t->removal[t->count++].part = part;
        t->behind = t->count == TAKEOUT_AT_ONCE;
        verdict += part->lines;
    }
    start_removing(t);
}

/* Opens the receipts, if there are any yet. */
static bool begin(struct takeout *t, struct batch *batch)
{
    if (!t->begun) {
        join(t);
        *t = (struct takeout){.begun = true, .fd = -1, .wait = SOON};
    }
    if (t->fd >= 0)
        return true;
    if ((t->fd = batch_open_receipts(batch)) < 0)
        return false;
    filelines_begin(&t->receipts, t->fd);
    return true;
}

int64_t takeout_step(struct takeout *t, struct batch *batch)
{
    if (begin(t, batch) && (acknowledge_ahead(&t->so_far, batch, &t->receipts) || t->behind)) {
        take_out_done(t, batch);
        t->wait = SOON;
    } else if (t->wait < LATER) {
        t->wait *= 2;
    }
    return t->wait;
}

void takeout_restart(struct takeout *t)
{
    if (!t->begun)
        return;
    if (t->fd >= 0) {
        filelines_end(&t->receipts);
        close(t->fd);
    }
    acknowledge_end(&t->so_far);
    t->begun = false;
}

void takeout_end(struct takeout *t)
{
    join(t);
    takeout_restart(t);
}

bool takeout_finish(struct takeout *t, struct batch *batch, struct acknowledgement *a)
{
    bool complete = true;
    join(t);
    takeout_step(t, batch);
    join(t);
    for (size_t i = 0; i < batch->parts && complete; i++)
        complete = batch->part[i].removed;
    if (complete)
        *a = (struct acknowledgement){.fitting = t->so_far.fitting, .done = batch->lines};
    takeout_end(t);
    return complete;
}
