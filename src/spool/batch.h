/* batch: what a command is given at once: the oldest segment, or, where that is small, several that
 * follow each other.
 *
 * A batch is written down in DIR/work (ID.batch) before the command starts, beside the receipts
 * that the command will write (ID.receipts).  A drain that finds both after a kill knows from them
 * which lines are done.  The names are never used again, so that receipts cannot meet segments they
 * do not belong to; and a segment counts only if it still has the size that is written there.
 *
 * The lines are counted while the command runs, and with them are computed the MACs that its
 * receipts are compared with; the key is made for the batch, and written down with it.  Before the
 * first of several segments is removed the numbers of their lines are written down too.
 */
#ifndef BATCH_H
#define BATCH_H

#include "spool/line_macs.h"
#include "spool/spooldir.h"

/* Names of segments, oldest first: as many as were found at one look, up to a limit. */
struct backlog {
    char **name;
    size_t count, next;
    bool more; /* there were more than the limit */
};

struct batch_part {
    char name[SPOOL_NAME];
    uint64_t bytes;
    size_t lines; /* blank ones count; a last one without a newline too; 0: not counted */
    bool torn;    /* it ends without a newline */
    bool removed; /* by us: its lines are done */
    ino_t file;   /* what it was when the batch was gathered, to tell whether it is the same … */
    int64_t time; /* … and unchanged since (nanoseconds); 0: not known */
};

struct batch {
    const struct spooldir *spool;
    char id[SPOOL_NAME]; /* "": the batch is empty */
    struct batch_part *part;
    size_t parts;
    uint64_t bytes;
    size_t lines;   /* of the parts that are counted … */
    size_t counted; /* … which are the first so many */
    bool recorded;  /* the numbers are written down */
    bool gap;       /* the one after them is gone: nobody knows the numbers of later lines */
    int counting;   /* that part, open; -1: it is not */
    int input;      /* the segment, open at its start, if it is only one; else -1 */
    int memory;     /* where the disk is full: the receipts, in memory; -1: they are a file */
    char key[MAC_KEY_HEX + 1]; /* of its receipts; "": there is none */
    struct mac mac;
    struct line_macs macs; /* of its lines, so far */
};

/* What a receipts file's name takes, with that of the directory. */
enum { BATCH_PATH = 4096 + SPOOL_NAME + 32 };

/* Makes a batch of the oldest segments: one, and further ones as long as all are at most `join`
 * bytes together.  Removes empty segments.  False: the spool is empty (the reason is then empty,
 * too), or it cannot be read; the batch is empty. */
bool batch_gather(struct batch *batch, const struct spooldir *spool, struct backlog *backlog,
                  uint64_t join, struct reason *reason);

/* Makes its key, and writes it down.  Where the disk has no room for that and for receipts, these
 * are kept in memory: a spool that has filled the disk can be drained all the same.  False with a
 * reason. */
bool batch_record(struct batch *batch, struct reason *reason);

/* While the command runs, and all its lines are counted: adds the segments that follow, as long as
 * all are at most `limit` bytes together, and writes it down anew.  False: the batch is as it was.
 */
bool batch_grow(struct batch *batch, struct backlog *backlog, uint64_t limit);

/* The name under which the command finds its receipts file; directory is the spool's, absolute. */
void batch_receipts_name(const struct batch *batch, const char *directory, char name[BATCH_PATH]);

/* Reads the batch back that was written down under that ID.  False with errno set: it cannot be
 * read now, or, with 0, is not whole: its command was never started. */
bool batch_read(struct batch *batch, const struct spooldir *spool, const char *id);

/* Opens one of its segments; -1 with errno set: ENOENT if it is gone, or is not what it was. */
int batch_open_part(const struct batch *batch, const struct batch_part *part);

/* Whether the segment is as it was when the batch was gathered. */
bool batch_part_is_unchanged(const struct batch *batch, const struct batch_part *part);

/* While the command runs, or after it: counts some more of the lines, about a quarter of a
 * millisecond's worth.  *more is whether any are left.  False with errno set: a segment cannot be
 * read; the next call tries it again. */
bool batch_count(struct batch *batch, bool *more);

/* Counts what is left, and writes the numbers down.  False with errno set, as above. */
bool batch_count_all(struct batch *batch);

/* Opens its receipts, a descriptor for the caller to close; -1 with errno set: ENOENT if there are
 * none. */
int batch_open_receipts(const struct batch *batch);

/* Removes what was written down, and the receipts, and empties the batch. */
void batch_discard(struct batch *batch);

/* The key of its receipts; NULL: they have digests. */
static inline const char *batch_key(const struct batch *batch)
{
    return batch->key[0] != '\0' ? batch->key : NULL;
}

/* What computes their codes with that key; NULL: there is none. */
static inline struct mac *batch_mac(struct batch *batch)
{
    return batch_key(batch) != NULL ? &batch->mac : NULL;
}

/* Empties the batch. */
void batch_end(struct batch *batch);

void backlog_end(struct backlog *backlog);

#endif
