/* reader: the records of NDJSON input, one a line, for filters and sinks alike.
 *
 * Lines are found in the blocks that read(2) has filled and stay there until they are released, in
 * any order; only a line that continues in the next block is copied there.
 *
 * A filter pulls: reader_pull() waits for input, and only one record is in use at a time.  A sink's
 * loop waits itself: it polls reader_fd(), calls reader_fill(), takes records from reader_next(),
 * and releases each once its outcome is known. */
#ifndef READER_H
#define READER_H

#include "base/input.h"
#include "filter/record.h"

struct reader {
    struct input *input;
    size_t limit;          /* bytes of the longest record */
    size_t window;         /* reading pauses while this many bytes are in memory; 0: never */
    size_t held;           /* bytes of blocks, copies and records in use */
    size_t block_size;     /* of an ordinary block */
    struct block *block;   /* the one that is being filled */
    struct block *spare;   /* blocks for reuse */
    struct block *large;   /* one that contained a large record, for the next one; NULL: none */
    struct record *unused; /* records for reuse */
    struct record *pulled; /* what reader_pull() returned last */
    size_t begin;          /* the offset of the next line in the block */
    size_t scanned;        /* up to here there is no newline */
    const char *source;    /* the file of the last line; NULL: there was none */
    size_t line;           /* and its number */
    bool open;             /* a file is open */
    bool at_end;           /* nothing more will be read */
    bool stopped;          /* … because of reader_stop() */
    bool overlong;         /* in the middle of a line that is longer than the limit */
    void (*too_long)(void *context, struct span chunk); /* gets such a line in parts */
    void *context;
};

/* Begins with input_begin()'s input.  window is 0 for a filter, which releases each record before
 * it takes the next. */
void reader_begin(struct reader *reader, struct input *input, size_t limit, size_t window);

/* Waits for the next record that is not blank; releases the previous one.  A last line without a
 * newline counts.  NULL: there are no more files, or input->stop is set.  A failure is a message
 * and STATUS_FAILED. */
struct record *reader_pull(struct reader *reader);

/* The descriptor to wait for before reader_fill(); -1 if nothing is to be read: at the end, or
 * while the window is full.  Opens the next file if necessary. */
int reader_fd(struct reader *reader);

/* True while the window is full. */
bool reader_full(const struct reader *reader);

/* Reads once.  A failure is a message and STATUS_FAILED. */
void reader_fill(struct reader *reader);

/* The next whole line that was read and is not blank; it is the caller's until reader_release().
 * NULL: no more was read, or no memory (a message, and reading ends).  A line that is too long is
 * returned as a record with too_long once its last byte was passed on. */
struct record *reader_next(struct reader *reader);

/* False if the record is not whole: it is larger than the limit, or reading was stopped inside it.
 * The reason says so. */
bool reader_whole(const struct reader *reader, const struct record *record, struct reason *reason);

/* True if there is certainly more input than was read: a file that is not at its end, or files that
 * were not opened. */
bool reader_unread(const struct reader *reader);

/* Stops reading.  An incomplete line is returned as one more record, marked `partial`, if it is
 * from a pipe, where it cannot be read again; from a file that can be read again it is not. */
void reader_stop(struct reader *reader);

/* Drops what was read and not yet returned.  True: there was something. */
bool reader_discard(struct reader *reader);

/* The record and its bytes are not needed any more. */
void reader_release(struct reader *reader, struct record *record);

/* Copies the line out of its block, so that one record that waits long does not keep a whole block
 * in memory.  Its spans move.  Without memory nothing happens. */
void reader_detach(struct reader *reader, struct record *record);

void reader_end(struct reader *reader);

#endif
