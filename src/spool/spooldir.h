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
 * There is no index: names sort by the time at which a segment was begun, and the files are all
 * that there is to know.  A file in new/ that a person has put there is a segment if it ends in
 * .ndjson.
 */
#ifndef SPOOLDIR_H
#define SPOOLDIR_H

#include "base/diag.h"

#include <stdint.h>
#include <sys/types.h>

#define SPOOL_SUFFIX ".ndjson"

enum { SPOOL_NAME = 256 }; /* bytes of a name in a directory, with its NUL */

enum spool_place { SPOOL_NEW, SPOOL_TMP, SPOOL_FAILED, SPOOL_WORK, SPOOL_PLACES };

struct spooldir {
    const char *name; /* as the user gave it, for messages; it must stay */
    int dir;
    int place[SPOOL_PLACES]; /* descriptors of the subdirectories; -1: not open */
    size_t unopened; /* files in tmp/ that spooldir_recover() could not open when it ran last */
};

/* Opens a directory that exists, below `at` (AT_FDCWD, or another directory: no link is followed
 * then), and makes those subdirectories that are missing: `new` and `tmp` for a writer, all of them
 * if `all`.  False: the reason names the directory and says why; nothing is open. */
bool spooldir_open(struct spooldir *spool, int at, const char *name, bool all,
                   struct reason *reason);

void spooldir_close(struct spooldir *spool);

/* "new", "tmp", "failed", "work". */
const char *spooldir_place_name(enum spool_place place);

/* Writes a name that no segment of this process has had: it sorts after all of them, even if the
 * clock is set back. */
void spooldir_new_name(char name[SPOOL_NAME]);

/* The time that a segment's name begins with, in seconds since 1970.  False: the name has none. */
bool spooldir_name_time(const char *name, int64_t *seconds);

/* Calls for each regular file in the place whose name ends in suffix and does not begin with a dot,
 * in no order.  A place that is not open is empty.  False with errno set: it cannot be read. */
bool spooldir_each(const struct spooldir *spool, enum spool_place place, const char *suffix,
                   void (*call)(void *context, const char *name), void *context);

/* The bytes of all files in new/, tmp/ and failed/.  False with a reason: one of them cannot be
 * read. */
bool spooldir_bytes(const struct spooldir *spool, uint64_t *bytes, struct reason *reason);

/* Syncs the place's directory.  False with errno set. */
bool spooldir_sync(const struct spooldir *spool, enum spool_place place);

/* Renames a file from one directory to another unless that name is taken there (EEXIST).  False
 * with errno set. */
bool spooldir_rename_new(int from_dir, const char *from, int to_dir, const char *to);

/* Publishes what writers that were killed have left in tmp/: the whole lines of each segment whose
 * lock is free, synced, under the name it was given.  An unfinished last line is cut off.  Each is
 * one message, and so is each file that cannot be opened. */
void spooldir_recover(struct spooldir *spool);

#endif
