#include "config.h"

#include "base/thread.h"
#include "spool/takeout.h"

#include <unistd.h>

enum {
    SOON = 20 * 1000,    /* microseconds between looks while receipts come … */
    LATER = 1000 * 1000, /* … and while none do, at most */
    LARGE = 1024 * 1024, /* bytes of a segment that is not closed here */
};

static void *close_all(void *context)
{
    struct takeout *t = context;
    for (size_t i = 0; i < t->count; i++)
        close(t->closing[i]);
    return NULL;
}

void takeout_join(struct takeout *t)
{
    if (t->running)
        pthread_join(t->thread, NULL);
    t->running = false;
    t->count = 0;
}

/* The system frees a removed file when it is closed, which takes milliseconds where it is large:
 * another thread waits for that. */
static void start_closing(struct takeout *t)
{
    if (t->running || t->count == 0)
        return;
    t->running = thread_start(&t->thread, close_all, t) == 0;
    if (!t->running) {
        close_all(t);
        t->count = 0;
    }
}

/* Removes the segment.  False: it stays. */
static bool take_out(struct takeout *t, struct batch *batch, struct batch_part *part)
{
    int fd = batch_open_part(batch, part);
    if (fd < 0)
        return false;
    bool removed = batch_part_is_unchanged(part, fd) && batch_count_all(batch) &&
                   unlinkat(batch->spool->place[SPOOL_NEW], part->name, 0) == 0;
    if (removed && part->bytes >= LARGE && t->count < TAKEOUT_CLOSING)
        t->closing[t->count++] = fd;
    else
        close(fd);
    return removed;
}

/* Removes the segments that are done. */
static void take_out_done(struct takeout *t, struct batch *batch)
{
    const unsigned char *verdict = t->so_far.verdict;
    takeout_join(t);
    for (size_t i = 0; i < batch->counted; i++) {
        struct batch_part *part = &batch->part[i];
        if (!part->removed && memchr(verdict, LINE_STAYS, part->lines) == NULL)
            part->removed = take_out(t, batch, part);
        verdict += part->lines;
    }
    start_closing(t);
}

/* Opens the receipts, if there are any yet. */
static bool begin(struct takeout *t, struct batch *batch)
{
    if (!t->begun) {
        takeout_join(t);
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
    if (begin(t, batch) && acknowledge_ahead(&t->so_far, batch, &t->receipts)) {
        take_out_done(t, batch);
        t->wait = SOON;
    } else if (t->wait < LATER) {
        t->wait *= 2;
    }
    return t->wait;
}

bool takeout_is_complete(const struct takeout *t, const struct batch *batch,
                         struct acknowledgement *a)
{
    for (size_t i = 0; i < batch->parts; i++)
        if (!batch->part[i].removed)
            return false;
    *a = (struct acknowledgement){.fitting = t->so_far.fitting, .done = batch->lines};
    return true;
}

void takeout_end(struct takeout *t)
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
