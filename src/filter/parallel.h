/* parallel: the lines of a large file, transformed by several threads.
 *
 * Each thread reads a block of whole lines, transforms them into its own buffer, waits until the
 * blocks before are finished, and writes.  So the output, the messages and the rejects are the
 * same, byte for byte, as with one thread: they are written in the order of the lines.
 *
 * Threads read only a regular file that is not compressed and has half a megabyte or more left.  A
 * pipe is read by one thread, because the program that writes to it runs at the same time and needs
 * a processor as well.  Records that are not one line (a line longer than a block, a text of
 * several lines, a last line without a newline) are left to the ordinary reader, and the threads
 * continue after them. */
#ifndef PARALLEL_H
#define PARALLEL_H

#include "filter/filter.h"

enum { PARALLEL_MOST = 64 }; /* threads */

/* The threads' work.  Each thread has a context of its own. */
struct parallel_work {
    filter_transform *transform; /* may return VERDICT_LEAVE */
    size_t size;                 /* bytes of the context; each thread gets a copy of them */

    /* Gives the copy its own buffers and counts.  False: there is no memory.  NULL: the transform
     * changes nothing that the copies share. */
    bool (*begin)(void *copy);
    void (*end)(void *copy); /* frees what begin() and the transform have allocated; may be NULL */

    /* Adds the counts of the copy to the context's, and sets them to 0 in the copy.  Called by one
     * thread at a time, in the order of the lines.  NULL: there are no counts. */
    void (*count)(void *context, void *copy);
};

struct parallel {
    size_t threads; /* --threads; 0: the number of processors, at most four */
    /* The module's own members. */
    struct filter *filter;
    const struct parallel_work *work;
    void *context;
    struct run *run;   /* the threads' memory; NULL until it is needed */
    unsigned patience; /* reads of the ordinary reader before threads are started again */
    unsigned reads;    /* reads so far */
};

/* --threads; the context is struct parallel. */
extern const struct option_line parallel_options[];

/* Lets threads read lines of the filter's input, after filter_begin().  They do `work` with copies
 * of the context.  With one thread nothing changes. */
void parallel_begin(struct parallel *parallel, struct filter *filter,
                    const struct parallel_work *work, void *context);

void parallel_end(struct parallel *parallel);

/* filter_lines() with threads. */
void parallel_lines(struct parallel *parallel, struct filter *filter,
                    const struct parallel_work *work, void *context);

#endif
