/* reader: the records of NDJSON input, one a line, for filters and sinks alike.
 *
 * Lines are found in the blocks that read(2) filled and stay there until they are released, in
 * whatever order that happens; only a line that a block's end cuts is copied, into the next block.
 *
 * A filter pulls: reader_pull() waits for input, and one record is held at a time.  A sink's loop
 * waits itself: it asks reader_fd() to be readable, calls reader_fill(), takes what reader_next()
 * has, and releases each record once its outcome is known.
 */
#ifndef READER_H
#define READER_H

#include "base/input.h"
#include "filter/record.h"

struct reader {
    struct input *input;
    size_t limit;          /* bytes of the longest record */
    size_t window;         /* reading rests while this many bytes are held; 0: never */
    size_t held;           /* bytes of blocks, copies and records in use */
    size_t block_size;     /* of an ordinary block */
    struct block *block;   /* the one that is being filled */
    struct block *spare;   /* blocks to use again */
    struct block *large;   /* one that held a large record, for the next one; NULL: there is none */
    struct record *unused; /* records to use again */
    struct record *pulled; /* what reader_pull() returned last */
    size_t begin;          /* where in the block the next line begins */
    size_t scanned;        /* up to here there is no newline */
    const char *source;    /* the file that the line found last is in; NULL: none was found */
    size_t line;           /* and its number */
    bool open;             /* a file is open */
    bool at_end;           /* nothing more will be read */
    bool stopped;          /* … because of reader_stop() */
    bool overlong;         /* in the middle of a line that is longer than the limit */
    void (*too_long)(void *context, struct span chunk); /* takes such a line in parts */
    void *context;
};

/* Begins with input_begin()'s input.  window is 0 for a filter, which releases each record before
 * it takes the next. */
void reader_begin(struct reader *reader, struct input *input, size_t limit, size_t window);

/* The next record that is not blank, after waiting for it; the one before is released.  A last line
 * without a newline counts.  NULL: no file is left, or input->stop is set.  What failed is a
 * message and STATUS_FAILED. */
struct record *reader_pull(struct reader *reader);

/* The descriptor to wait for before reader_fill(), -1 where nothing is to be read: at the end, or
 * while the window is full.  Opens the next file when it has to. */
int reader_fd(struct reader *reader);

/* True while the window is full. */
bool reader_full(const struct reader *reader);

/* One read.  What failed is a message and STATUS_FAILED. */
void reader_fill(struct reader *reader);

/* The next whole line that was read and is not blank, the caller's until reader_release().  NULL:
 * no more was read, or no memory (a message, and reading ends).  A line that is too long comes as a
 * record with too_long once its last byte was handed on. */
struct record *reader_next(struct reader *reader);

/* False where the record is not whole: it is larger than the limit, or reading was stopped inside
 * it.  The reason says so. */
bool reader_whole(const struct reader *reader, const struct record *record, struct reason *reason);

/* True if the input is known to hold more than was read: a file that is not at its end, or files
 * that were not opened. */
bool reader_unread(const struct reader *reader);

/* Reads no further.  An unfinished line comes out as one record more, marked `cut`, as what was
 * read of a pipe is gone from there; of a file that can be read again it does not. */
void reader_stop(struct reader *reader);

/* Forgets what was read and not yet handed out.  True: there was something. */
bool reader_discard(struct reader *reader);

/* The record and its bytes are not needed any more. */
void reader_release(struct reader *reader, struct record *record);

/* Copies the line out of its block, so that one record that waits for long does not hold a whole
 * block.  Its spans move.  Without memory for it nothing happens. */
void reader_detach(struct reader *reader, struct record *record);

void reader_end(struct reader *reader);

#endif
