#include "config.h"

#include "base/pipe.h"
#include "spool/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum {
    AT_ONCE = 1024 * 1024, /* bytes */
    LARGE = 1024 * 1024,   /* size of a pipe … */
    PAUSE = 1000,          /* … that a command takes longer to read: wait, in microseconds */
};

bool feed_begin(struct feed *feed, int *input)
{
    int end[2];
    *feed = (struct feed)FEED;
    if (pipe2(end, O_CLOEXEC) != 0)
        return false;
    /* The command's end stays blocking, as programs expect. */
    fcntl(end[1], F_SETFL, O_NONBLOCK);
    pipe_grow(end[1]);
    if (fcntl(end[1], F_GETPIPE_SZ) >= LARGE)
        feed->pause = PAUSE;
    *input = end[0];
    feed->pipe = end[1];
    return true;
}

static void close_segment(struct feed *feed)
{
    if (feed->segment >= 0)
        close(feed->segment);
    feed->segment = -1;
}

void feed_end(struct feed *feed)
{
    close_segment(feed);
    if (feed->pipe >= 0)
        close(feed->pipe);
    feed->pipe = -1;
}

/* For a file system that does not support splice(2). */
static ssize_t copy(const struct feed *feed)
{
    char block[65536];
    ssize_t n = pread(feed->segment, block, sizeof block, (off_t)feed->offset);
    return n > 0 ? write(feed->pipe, block, (size_t)n) : n;
}

/* Writes a part of the open segment.  Returns as write(2). */
static ssize_t give(const struct feed *feed, const struct batch_part *part)
{
    loff_t offset = (loff_t)feed->offset;
    uint64_t rest = part->bytes - feed->offset;
    /* The next segment's first line must not be appended to a last line without a newline. */
    if (feed->offset >= part->bytes)
        return write(feed->pipe, "\n", 1);
    ssize_t n = splice(feed->segment, &offset, feed->pipe, NULL,
                       rest < AT_ONCE ? (size_t)rest : AT_ONCE, SPLICE_F_NONBLOCK);
    return n < 0 && errno == EINVAL ? copy(feed) : n;
}

/* Opens the next segment.  False: it cannot be given. */
static bool open_next(struct feed *feed, const struct batch *batch)
{
    feed->segment = batch_open_part(batch, &batch->part[feed->part]);
    feed->offset = 0;
    if (feed->segment < 0)
        feed->error = errno;
    return feed->segment >= 0;
}

void feed_step(struct feed *feed, const struct batch *batch, int64_t now)
{
    while (feed->pipe >= 0 && !feed_is_complete(feed, batch)) {
        const struct batch_part *part = &batch->part[feed->part];
        if (feed->segment < 0 && !open_next(feed, batch)) {
            feed_end(feed);
            return;
        }
        ssize_t n = give(feed, part);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            /* Otherwise the two processes would wake each other for each block that the command
             * reads. */
            feed->due = now + feed->pause;
            return;
        }
        if (n <= 0) {
            /* If the command stops reading, its status decides. */
            if (n == 0 || errno != EPIPE)
                feed->error = n == 0 ? ENOENT : errno;
            feed_end(feed);
            return;
        }
        feed->offset += (uint64_t)n;
        if (feed->offset == part->bytes + part->torn) {
            close_segment(feed);
            feed->part++;
        }
    }
}
