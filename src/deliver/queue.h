/* queue: lines that were read and are not yet done with.
 *
 * Lines are found in the blocks that read(2) filled and stay there until they are released, in
 * whatever order that happens; only a line that a block's end cuts is copied, into the next block.
 * Nothing here waits: the caller asks queue_fd() to be readable first.
 */
#ifndef QUEUE_H
#define QUEUE_H

#include "base/input.h"
#include "filter/record.h"

#include <stdint.h>

/* One line of the input, from when it was read until its outcome is known. */
struct entry {
    struct entry *next;   /* in the list that it is in */
    struct entry *after;  /* the line read next, where the order matters */
    struct record record; /* the line; a newline follows its text in memory */
    struct span event;    /* what is sent: the line, or the event of an addressed one */
    struct span path;     /* the path's content as it stands; at == NULL for a bare event */
    size_t size;          /* bytes that it adds to a request; the service's accept() says */
    int64_t read_at;      /* when, in microseconds */
    struct block *block;  /* what holds the bytes; NULL once they were copied out */
    bool judged;          /* a batch's answer has said what became of this one: */
    int outcome;          /* an enum outcome */
    bool settled;         /* its outcome is known */
    bool delivered;       /* … and was delivery */
};

/* A list of entries, first in, first out. */
struct entries {
    struct entry *first, *last;
    size_t count;
};

struct queue {
    struct input *input;
    size_t limit;         /* bytes of the longest line */
    size_t window;        /* reading rests while this many bytes are held */
    size_t held;          /* bytes of blocks, copies and entries in use */
    struct block *block;  /* the one that is being filled */
    struct block *spare;  /* blocks to use again */
    struct entry *unused; /* entries to use again */
    size_t begin;         /* where in the block the next line begins */
    size_t scanned;       /* up to here there is no newline */
    size_t line;          /* number of the line found last */
    bool open;            /* a file is open */
    bool at_end;          /* nothing more will be read */
    bool overlong;        /* in the middle of a line that is longer than the limit */
    void (*too_long)(void *context, struct span chunk); /* takes such a line in parts */
    void *context;
};

/* Begins with input_begin()'s input. */
void queue_begin(struct queue *queue, struct input *input, size_t limit, size_t window);

/* The descriptor to wait for before queue_read(), -1 where nothing is to be read: at the end, or
 * while the window is full.  Opens the next file when it has to. */
int queue_fd(struct queue *queue);

/* True while the window is full. */
bool queue_full(const struct queue *queue);

/* One read(2).  What failed is a message and STATUS_FAILED. */
void queue_read(struct queue *queue);

/* The next whole line that was read and is not blank, the caller's until queue_release(); event is
 * the whole line.  NULL: none is at hand, or no memory (a message, and the queue ends).  A line
 * that is too long comes as an entry with record.too_long once its last byte was handed on. */
struct entry *queue_next(struct queue *queue, int64_t now);

/* True if the input is known to hold more than was read: a file that is not at its end, or files
 * that were not opened. */
bool queue_unread(const struct queue *queue);

/* Reads no further.  An unfinished line comes out as one entry more, as what was read of a pipe is
 * gone from there; of a file that can be read again it does not. */
void queue_stop(struct queue *queue);

/* Forgets what was read and not yet handed out. */
void queue_discard(struct queue *queue);

void queue_release(struct queue *queue, struct entry *entry);

/* Copies the line out of its block, so that one line that waits for long does not hold a whole
 * block.  Its spans move.  Without memory for it nothing happens. */
void queue_detach(struct queue *queue, struct entry *entry);

void queue_end(struct queue *queue);

static inline void entries_add(struct entries *list, struct entry *entry)
{
    entry->next = NULL;
    if (list->first == NULL)
        list->first = entry;
    else
        list->last->next = entry;
    list->last = entry;
    list->count++;
}

static inline struct entry *entries_take(struct entries *list)
{
    struct entry *entry = list->first;
    if (entry != NULL) {
        list->first = entry->next;
        list->count--;
    }
    return entry;
}

#endif
