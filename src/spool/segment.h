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
 * A caller that commits many segments at once may take the steps apart and sync for all of them:
 * segment_flush() of each, syncfs(2), segment_publish() of each, syncfs(2).
 */
#ifndef SEGMENT_H
#define SEGMENT_H

#include "spool/spooldir.h"

enum segment_result {
    SEGMENT_OK,
    SEGMENT_FULL,   /* the spool would become larger than its limit; nothing was written */
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
    int error;      /* errno of what failed, else 0 */
};

/* Begins: nothing is made on disk until the first append.  limit may be NULL. */
void segment_begin(struct segment *segment, const struct spooldir *spool,
                   struct spool_limit *limit);

/* Appends whole lines, each with its newline; the bytes are not needed afterwards.  After
 * SEGMENT_FULL the segment is as before; after SEGMENT_FAILED it is gone, as after
 * segment_abandon(), and the reason names the file. */
enum segment_result segment_append(struct segment *segment, struct span lines,
                                   struct reason *reason);

/* Makes the segment safe and visible, and begins a new one.  An empty one is nothing, and true.
 * False with a reason: no line of it is safe. */
bool segment_commit(struct segment *segment, struct reason *reason);

/* The steps of segment_commit(), for a caller that syncs many at once: writes what is buffered, and
 * syncs the file if `sync` … */
bool segment_flush(struct segment *segment, bool sync, struct reason *reason);
/* … then renames it to new/ and closes it, without syncing the directory, and begins a new one. */
bool segment_publish(struct segment *segment, struct reason *reason);
/* Syncs new/. */
bool segment_sync_directory(const struct spooldir *spool, struct reason *reason);

/* Removes what was written; the segment is as begun. */
void segment_abandon(struct segment *segment);

/* Abandons what is open and frees the buffer. */
void segment_end(struct segment *segment);

/* Whether the spool has room for that many bytes more.  Counts the files again where that was last
 * done more than a second ago, or, if they did not fit, a tenth of a second.  Other writers' bytes
 * are therefore seen within a second.  A spool that cannot be read counts as full. */
bool spool_has_room(const struct spooldir *spool, struct spool_limit *limit, uint64_t bytes);

#endif
