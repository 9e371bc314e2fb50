/* segment: a run of whole lines that becomes visible and safe at once.
 *
 * A segment is written in DIR/tmp, synced, renamed to DIR/new, and the directory is synced.  A line
 * may be reported as safe only after segment_commit() has returned true.  After an error no line of
 * the segment is safe: they are the caller's again.  (If only the directory could not be synced,
 * they may be delivered all the same.)
 *
 * Many processes may write to one directory; within a process, a segment belongs to one thread.
 *
 *     segment_begin(&segment, &spool);
 *     while (… && segment_append(&segment, lines, &reason) == SEGMENT_OK) …;
 *     segment_commit(&segment, &reason);
 *
 * A writer that acknowledges lines long before a segment is large enough keeps it open:
 * segment_keep() makes the lines safe in tmp/, repeatedly; then segment_commit() publishes them.
 *
 * A caller that commits many segments at once may call the steps separately and sync for all of
 * them: segment_flush() of each, syncfs(2), segment_publish() of each, syncfs(2). */
#ifndef SEGMENT_H
#define SEGMENT_H

#include "spool/spooldir.h"

enum segment_result {
    SEGMENT_OK,
    SEGMENT_FULL,   /* the spool would exceed its limit, or cannot be read to check that: the reason
                       says which; nothing was written */
    SEGMENT_FAILED, /* the disk is full (segment->error is ENOSPC or EDQUOT), or another error */
};

/* The size limit of a spool.  One for each directory, shared by its segments. */
struct spool_limit {
    uint64_t max;    /* bytes; 0: no limit */
    uint64_t used;   /* the last count, and what was written since */
    int64_t counted; /* its time: microseconds of a steady clock; 0: never */
};

struct segment {
    const struct spooldir *spool;
    struct spool_limit *limit; /* NULL: none */
    char name[SPOOL_NAME];
    int fd;         /* -1: no file yet; it is made by the first append */
    char *buffer;   /* bytes that are not yet written; reused from segment to segment */
    size_t used;    /* bytes in it */
    uint64_t bytes; /* appended since the segment was begun */
    uint64_t lines; /* the same, in calls of segment_append() */
    bool early;     /* set by the caller: the disk begins to write before the segment is synced */
    uint64_t begun; /* bytes that the disk was told to write */
    uint64_t kept;  /* bytes that segment_keep() has made safe */
    uint64_t kept_lines;
    int error; /* errno of the failure, else 0 */
};

/* Begins: no file is made until the first append.  limit may be NULL. */
void segment_begin(struct segment *segment, const struct spooldir *spool,
                   struct spool_limit *limit);

/* Appends whole lines, each with its newline; the bytes are not needed afterwards.  After
 * SEGMENT_FULL the segment is unchanged; after SEGMENT_FAILED it is abandoned as by
 * segment_abandon(), and the reason names the file. */
enum segment_result segment_append(struct segment *segment, struct span lines,
                                   struct reason *reason);

/* Makes the segment safe and visible, and begins a new one.  An empty one is not published; returns
 * true.  False with a reason: no line of it is safe. */
bool segment_commit(struct segment *segment, struct reason *reason);

/* The second half of segment_commit(), for a segment that was flushed and synced. */
bool segment_commit_synced(struct segment *segment, struct reason *reason);

/* Makes everything appended so far safe in place, and keeps the segment open: the file and, the
 * first time, tmp/ are synced if `sync`.  From then on an error, or segment_abandon(), truncates
 * the segment to what was kept instead of removing it; if the process dies, spooldir_recover()
 * publishes it.  False with a reason: what was appended since the last call is not safe. */
bool segment_keep(struct segment *segment, bool sync, struct reason *reason);

/* The steps of segment_commit(), for a caller that syncs many at once: writes what is buffered, and
 * syncs the file if `sync` … */
bool segment_flush(struct segment *segment, bool sync, struct reason *reason);
/* … the caller syncs segment->fd; if that fails, this sets the reason and abandons the segment … */
bool segment_sync_failed(struct segment *segment, int error, struct reason *reason);
/* … then renames it to new/ and closes it, without syncing the directory, and begins a new one. */
bool segment_publish(struct segment *segment, struct reason *reason);
/* Syncs new/. */
bool segment_sync_directory(const struct spooldir *spool, struct reason *reason);

/* Removes what was written; the segment is as it was after segment_begin() or the last
 * segment_keep(). */
void segment_abandon(struct segment *segment);

/* Abandons the open segment and frees the buffer.  Lines that were kept and not committed stay in
 * tmp/. */
void segment_end(struct segment *segment);

#endif
