/* feed: gives a command several segments, one after the other, through a pipe.
 *
 * A batch of one segment that cannot grow needs no feed: its file is the command's standard
 * input. */
#ifndef FEED_H
#define FEED_H

#include "spool/batch.h"

struct feed {
    int pipe;        /* to be polled for writing, then feed_step(); -1: there is nothing to give */
    int64_t due;     /* … but not before this time: the pipe was full … */
    int64_t pause;   /* … and is not empty for so long (microseconds) */
    int segment;     /* of the part that is being given; -1: none is open */
    size_t part;     /* its number */
    uint64_t offset; /* bytes of it that were given */
    int error;       /* why not all could be given, an errno; ENOENT: a segment is missing */
};

#define FEED                                                                                       \
    {                                                                                              \
        .pipe = -1, .segment = -1                                                                  \
    }

/* Makes the pipe; *input is its other end, for the command, which the caller closes.  False with
 * errno set. */
bool feed_begin(struct feed *feed, int *input);

/* Writes as much as the pipe takes without blocking.  `now` is in microseconds, as feed->due. */
void feed_step(struct feed *feed, const struct batch *batch, int64_t now);

/* Whether all segments were given: the command waits for more, or for feed_end(). */
static inline bool feed_is_complete(const struct feed *feed, const struct batch *batch)
{
    return feed->pipe >= 0 && feed->part == batch->parts;
}

/* Ends: the command gets the end of its input. */
void feed_end(struct feed *feed);

#endif
