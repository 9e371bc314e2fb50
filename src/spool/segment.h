/* segment: a run of whole lines that becomes visible and safe at once.
 *
 * A segment is written in DIR/tmp, synced, renamed to DIR/new, and the directory is synced.  Only
 * when segment_commit() has returned true may anybody be told that a line is safe.  After an error
 * no line of the segment is safe: they are the caller's again.  (If only the directory could not be
 * synced they may be delivered all the same.)
 *
 * Many processes may write to one directory; in a process, a segment belongs to one thread.
 *
 *     segment_begin(&segment, &spool);
 *     while (… && segment_append(&segment, lines, &reason) == SEGMENT_OK) …;
 *     segment_commit(&segment, &reason);
 *
 * A writer that answers for its lines long before a segment is large enough keeps it open:
 * segment_keep() makes the lines safe in tmp/, again and again; then segment_commit() publishes.
 *
 * A caller that commits many segments at once may take the steps apart and sync for all of them:
 * segment_flush() of each, syncfs(2), segment_publish() of each, syncfs(2).
 */
#ifndef SEGMENT_H
#define SEGMENT_H

#include "spool/spooldir.h"

enum segment_result {
    SEGMENT_OK,
    SEGMENT_FULL,   /* the spool would become larger than its limit, or cannot be read to find out:
                       the reason says which; nothing was written */
    SEGMENT_FAILED, /* the disk is full (segment->error is ENOSPC or EDQUOT), or worse */
};

/* How much a spool may hold.  One a directory, shared by its segments. */
struct spool_limit {
    uint64_t max;    /* bytes; 0: no limit */
    uint64_t used;   /* as counted last, and what was written since */
    int64_t counted; /* when: microseconds of a steady clock; 0: never */
};

struct segment {
    const struct spooldir *spool;
    struct spool_limit *limit; /* NULL: none */
    char name[SPOOL_NAME];
    int fd;         /* -1: no file yet; it is made by the first append */
    char *buffer;   /* what is not yet written; kept from segment to segment */
    size_t used;    /* bytes of it */
    uint64_t bytes; /* appended since the segment was begun */
    uint64_t lines; /* the same, in calls of segment_append() */
    bool early;     /* set by the caller: the disk begins to write before the segment is synced */
    uint64_t begun; /* bytes that it was told to */
    uint64_t kept;  /* bytes that segment_keep() has made safe */
    uint64_t kept_lines;
    int error; /* errno of what failed, else 0 */
};

/* Begins: nothing is made on disk until the first append.  limit may be NULL. */
void segment_begin(struct segment *segment, const struct spooldir *spool,
                   struct spool_limit *limit);

/* Appends whole lines, each with its newline; the bytes are not needed afterwards.  After
 * SEGMENT_FULL the segment is as before; after SEGMENT_FAILED it is gone, as after
 * segment_abandon(), and the reason names the file. */
enum segment_result segment_append(struct segment *segment, struct span lines,
                                   struct reason *reason);

/* Makes the segment safe and visible, and begins a new one.  An empty one is not published; true.
 * False with a reason: no line of it is safe. */
bool segment_commit(struct segment *segment, struct reason *reason);

/* The second half of it, of a segment that was flushed and synced. */
bool segment_commit_synced(struct segment *segment, struct reason *reason);

/* Makes what was appended so far safe where it is, and the segment stays open: the file and, the
 * first time, tmp/ are synced if `sync`.  From then on an error, or segment_abandon(), cuts the
 * segment back to what was kept instead of removing it; if the process dies, spooldir_recover()
 * publishes it.  False with a reason: what was appended since the last call is not safe. */
bool segment_keep(struct segment *segment, bool sync, struct reason *reason);

/* The steps of segment_commit(), for a caller that syncs many at once: writes what is buffered, and
 * syncs the file if `sync` … */
bool segment_flush(struct segment *segment, bool sync, struct reason *reason);
/* … where the caller syncs segment->fd, and that has failed: says so, and abandons it … */
bool segment_sync_failed(struct segment *segment, int error, struct reason *reason);
/* … then renames it to new/ and closes it, without syncing the directory, and begins a new one. */
bool segment_publish(struct segment *segment, struct reason *reason);
/* Syncs new/. */
bool segment_sync_directory(const struct spooldir *spool, struct reason *reason);

/* Removes what was written; the segment is as begun, or as it was after segment_keep(). */
void segment_abandon(struct segment *segment);

/* Abandons what is open and frees the buffer.  What was kept and not committed stays in tmp/. */
void segment_end(struct segment *segment);

#endif
