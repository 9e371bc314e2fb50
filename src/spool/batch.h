/* batch: what a command is given at once: the oldest segment, or, if that is small, several
 * consecutive ones.
 *
 * A list of the batch is written to DIR/work (ID.batch) before the command starts, beside the
 * receipts that the command will write (ID.receipts).  A drain that finds both after a kill knows
 * from them which lines are done.  IDs are never reused, so receipts are never applied to other
 * segments; and a segment counts only if it still has the size in the list.
 *
 * While the command runs, the lines are counted, and the MACs are computed with which its receipts
 * are compared; the key is made for the batch, and written in the list.  Before the first of
 * several segments is removed, the numbers of their lines are written too. */
#ifndef BATCH_H
#define BATCH_H

#include "spool/line_macs.h"
#include "spool/spooldir.h"

/* Names of segments, oldest first: those found in one scan, up to a limit. */
struct backlog {
    char **name;
    size_t count, next;
    bool more; /* there were more than the limit */
};

struct batch_part {
    char name[SPOOL_NAME];
    uint64_t bytes;
    size_t lines; /* including blank ones and a last one without a newline; 0: not counted */
    bool torn;    /* it ends without a newline */
    bool removed; /* by us: its lines are done */
    ino_t file;   /* its inode when the batch was gathered, to check that it is the same … */
    int64_t time; /* … and its time of change (nanoseconds), to check that it is unchanged; 0: not
                     known */
};

struct batch {
    const struct spooldir *spool;
    char id[SPOOL_NAME]; /* "": the batch is empty */
    struct batch_part *part;
    size_t parts;
    uint64_t bytes;
    size_t lines;   /* of the counted parts … */
    size_t counted; /* … which are the first so many */
    bool recorded;  /* the numbers are in the written list */
    bool gap;       /* the next part is missing: the numbers of later lines are not known */
    int counting;   /* that part, open; -1: it is not open */
    int input;      /* the segment, open at its start, if it is the only one; else -1 */
    int memory;     /* if the disk is full: the receipts, in memory; -1: they are a file */
    char key[MAC_KEY_HEX + 1]; /* of its receipts; "": there is none */
    struct mac mac;
    struct line_macs macs; /* of its lines, so far */
};

/* The length of a receipts file's name including its directory. */
enum { BATCH_PATH = 4096 + SPOOL_NAME + 32 };

/* Makes a batch of the oldest segments: one, and further ones as long as their total is at most
 * `join` bytes.  Removes empty segments.  False: the spool is empty (the reason is then empty,
 * too), or it cannot be read; the batch is empty. */
bool batch_gather(struct batch *batch, const struct spooldir *spool, struct backlog *backlog,
                  uint64_t join, struct reason *reason);

/* Makes its key, and writes its list.  If the disk has no room for the list and for receipts, these
 * are kept in memory, so that a spool that has filled the disk can still be drained.  False with a
 * reason. */
bool batch_record(struct batch *batch, struct reason *reason);

/* While the command runs, and all lines are counted: adds the following segments, as long as the
 * total is at most `limit` bytes, and writes the list anew.  False: the batch is unchanged. */
bool batch_grow(struct batch *batch, struct backlog *backlog, uint64_t limit);

/* The name under which the command finds its receipts file; directory is the spool's, absolute. */
void batch_receipts_name(const struct batch *batch, const char *directory, char name[BATCH_PATH]);

/* Reads the batch whose list was written under that ID.  False with errno set: it cannot be read
 * now, or, with 0, the list is incomplete: its command was never started. */
bool batch_read(struct batch *batch, const struct spooldir *spool, const char *id);

/* Opens one of its segments; -1 with errno set: ENOENT if it is missing or has changed. */
int batch_open_part(const struct batch *batch, const struct batch_part *part);

/* Whether the segment is as it was when the batch was gathered. */
bool batch_part_is_unchanged(const struct batch *batch, const struct batch_part *part);

/* While the command runs, or after it: counts some more lines, for about a quarter of a
 * millisecond.  *more is whether any are left.  False with errno set: a segment cannot be read; the
 * next call tries again. */
bool batch_count(struct batch *batch, bool *more);

/* Counts the remaining lines, and writes the numbers.  False with errno set, as above. */
bool batch_count_all(struct batch *batch);

/* Opens its receipts and returns a descriptor for the caller to close; -1 with errno set: ENOENT if
 * there are none. */
int batch_open_receipts(const struct batch *batch);

/* Removes its list and receipts, and empties the batch. */
void batch_discard(struct batch *batch);

/* The key of its receipts; NULL: they have digests. */
static inline const char *batch_key(const struct batch *batch)
{
    return batch->key[0] != '\0' ? batch->key : NULL;
}

/* Computes MACs with that key; NULL: there is none. */
static inline struct mac *batch_mac(struct batch *batch)
{
    return batch_key(batch) != NULL ? &batch->mac : NULL;
}

/* Empties the batch. */
void batch_end(struct batch *batch);

void backlog_end(struct backlog *backlog);

#endif
