/* spooldir: a spool directory, its subdirectories and the names in them.
 *
 *     DIR/new/     segments: NDJSON files TIME-PID-NUMBER.ndjson, whole and synced
 *     DIR/tmp/     segments that are being written; each is locked (flock(2)) by its writer
 *     DIR/failed/  lines that were rejected or have become too old, with their receipts
 *     DIR/work/    what audit-drain hands to a command: the list of segments and the receipts
 *     DIR/lock     held by the one audit-drain that drains DIR
 *     DIR/running  held by the command that audit-drain has started
 *     DIR/state    since when delivery fails, and why
 *     DIR/deliver  the command, where audit-drain is given none
 *
 * There is no index: names sort by the time at which a segment was begun, and the files are the
 * only state.  A file that a user puts into new/ is a segment if its name ends in .ndjson. */
#ifndef SPOOLDIR_H
#define SPOOLDIR_H

#include "base/diag.h"

#include <stdint.h>
#include <sys/types.h>

#define SPOOL_SUFFIX ".ndjson"

enum { SPOOL_NAME = 256 }; /* bytes of a name in a directory, including its NUL */

enum spool_place { SPOOL_NEW, SPOOL_TMP, SPOOL_FAILED, SPOOL_WORK, SPOOL_PLACES };

struct spooldir {
    const char *name; /* as the user gave it, for messages; it must stay valid */
    int dir;
    int place[SPOOL_PLACES]; /* descriptors of the subdirectories; -1: not open */
    size_t unopened; /* files in tmp/ that spooldir_recover() could not open in its last run */
};

/* Opens an existing directory, below `at` (AT_FDCWD, or another directory: no link is followed
 * then), and creates missing subdirectories: `new` and `tmp` for a writer, all of them if `all`.
 * False: the reason names the directory and says why; nothing is open. */
bool spooldir_open(struct spooldir *spool, int at, const char *name, bool all,
                   struct reason *reason);

void spooldir_close(struct spooldir *spool);

/* "new", "tmp", "failed", "work". */
const char *spooldir_place_name(enum spool_place place);

/* Writes a name that sorts after all names of this process's segments, even if the clock is set
 * back. */
void spooldir_new_name(char name[SPOOL_NAME]);

/* The time at the beginning of a segment's name, in seconds since 1970.  False: the name has
 * none. */
bool spooldir_name_time(const char *name, int64_t *seconds);

/* Calls call() for each regular file in the place whose name ends in suffix and does not begin with
 * a dot, in no particular order.  A place that is not open is empty.  False with errno set: it
 * cannot be read. */
bool spooldir_each(const struct spooldir *spool, enum spool_place place, const char *suffix,
                   void (*call)(void *context, const char *name), void *context);

/* The total size of the files in new/, tmp/ and failed/.  False with a reason: one of the
 * directories cannot be read. */
bool spooldir_bytes(const struct spooldir *spool, uint64_t *bytes, struct reason *reason);

/* Syncs the place's directory.  False with errno set. */
bool spooldir_sync(const struct spooldir *spool, enum spool_place place);

/* Renames a file from one directory to another unless that name exists there (EEXIST).  False with
 * errno set. */
bool spooldir_rename_new(int from_dir, const char *from, int to_dir, const char *to);

/* Publishes what killed writers have left in tmp/: the whole lines of each segment whose lock is
 * free, synced, under the name it was given.  An incomplete last line is removed.  Writes one
 * message for each, and for each file that cannot be opened. */
void spooldir_recover(struct spooldir *spool);

#endif
