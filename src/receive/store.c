#include "config.h"

#include "base/clock.h"
#include "receive/store.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

bool store_open(struct store *store)
{
    store->opened = -1;
    if (store->directory == NULL)
        return true;
    if (!spooldir_open(&store->spool, AT_FDCWD, store->directory, false, &store->reason)) {
        diag_fail("%s", store->reason.text);
        return false;
    }
    spooldir_recover(&store->spool);
    store->limit = (struct spool_limit){.max = store->max_size};
    segment_begin(&store->segment, &store->spool, &store->limit);
    return true;
}

static bool fail(struct store *store)
{
    store->broken = true;
    return reason_set(&store->reason, "standard output: %s", strerror(errno));
}

/* Waits until at least PIPE_BUF bytes can be written to standard output. */
static bool wait_for_output(const struct store *store)
{
    enum { CHECK = 100 }; /* milliseconds */
    struct pollfd ready = {.fd = STDOUT_FILENO, .events = POLLOUT};
    while (!atomic_load(&store->give_up)) {
        int n = poll(&ready, 1, CHECK);
        if (n > 0 || (n < 0 && errno != EINTR))
            return true; /* or write(2) will report the error */
    }
    errno = ETIMEDOUT;
    return false;
}

/* Writes in parts that a pipe accepts without blocking, so that the end is never blocked for
 * ever. */
static bool write_output(struct store *store, struct span lines)
{
    enum { PART = 4096 };
    while (lines.len > 0) {
        if (!wait_for_output(store))
            return fail(store);
        ssize_t n = write(STDOUT_FILENO, lines.at, lines.len < PART ? lines.len : PART);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return fail(store);
        lines.at += n > 0 ? n : 0;
        lines.len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

enum store_result store_append(struct store *store, struct span lines)
{
    if (store->directory == NULL)
        return !store->broken && write_output(store, lines) ? STORE_KEPT : STORE_FAILED;
    bool first = store->segment.bytes == 0;
    switch (segment_append(&store->segment, lines, &store->reason)) {
    case SEGMENT_OK:
        store->dirty = true;
        if (first)
            store->opened = clock_now();
        return STORE_KEPT;
    case SEGMENT_FULL:
        return STORE_FULL;
    default:
        store->dirty = false;
        return STORE_FAILED;
    }
}

bool store_keep(struct store *store)
{
    if (store->directory == NULL)
        return !store->broken;
    bool dirty = store->dirty;
    store->dirty = false;
    return !dirty || segment_keep(&store->segment, store->sync, &store->reason);
}

static bool publish(struct store *store)
{
    struct segment *segment = &store->segment;
    if (!store->sync)
        return segment_flush(segment, false, &store->reason) &&
               segment_publish(segment, &store->reason);
    return segment_commit(segment, &store->reason);
}

int64_t store_tick(struct store *store)
{
    enum { AGAIN = 1000000 };
    struct segment *segment = &store->segment;
    if (store->directory == NULL || segment->bytes == 0)
        return -1;
    int64_t now = clock_now(), due = store->opened + store->segment_time;
    if (segment->bytes < store->segment_size && now < due)
        return due - now;
    store->held_up = !publish(store);
    if (!store->held_up)
        return -1;
    /* Kept lines are safe where they are. */
    store->opened = now;
    return AGAIN;
}

bool store_close(struct store *store)
{
    if (store->directory == NULL)
        return !store->broken;
    bool published = publish(store);
    segment_end(&store->segment);
    spooldir_close(&store->spool);
    return published;
}
