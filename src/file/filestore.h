/* filestore: a directory in which each event becomes a file of its own.
 *
 * A file is written under another name, in a staging directory inside the store, and renamed: a
 * file with its own name is always complete, whenever the run is killed.  After a loss of power
 * this is true only if the file was synced before it was placed:
 *
 *     filestore_stage() of some files; filestore_sync(); filestore_place() of each;
 *     filestore_sync()
 *
 * No link inside the store is followed, for reading or writing. */
#ifndef FILESTORE_H
#define FILESTORE_H

#include "base/diag.h"
#include "file/staging.h"
#include "file/subdirs.h"

enum filestore_result {
    FILESTORE_DONE,
    FILESTORE_EXISTS,   /* a file with the same bytes exists, and is kept */
    FILESTORE_REPLACED, /* a file with other bytes existed (overwrite) */
    FILESTORE_REJECTED, /* this file cannot be stored; others can */
    FILESTORE_FAILED,   /* nothing can be stored any more, for example because the disk is full */
};

struct filestore {
    const char *name;
    int dir;
    bool sync_each; /* each file is synced by itself, when it is staged and when it is placed */
    bool overwrite; /* a file with other bytes, or a link, is replaced, not a conflict */
    bool must_link; /* the file system has no rename that keeps an existing file */
    struct staging staging;
    struct subdirs subdirs;
};

/* Opens the store in an existing directory; the caller has set sync_each and overwrite.  False: the
 * reason says why, and names the directory. */
bool filestore_open(struct filestore *store, const char *directory, struct reason *reason);

/* Whether a store may contain a file with this path, whoever made it: relative, at most
 * SUBDIRS_PATH_MAX bytes, no empty, "." or ".." component, no control character, no name that the
 * staging uses. */
bool filestore_may_name(struct span path, struct reason *reason);

/* Writes the bytes for `path` as staged file number `slot`.  FILESTORE_EXISTS: a file with these
 * bytes exists already; nothing was staged, as after any other failure.  A file with other bytes is
 * a conflict, which is FILESTORE_REJECTED, unless `overwrite` is set. */
enum filestore_result filestore_stage(struct filestore *store, unsigned slot, const char *path,
                                      struct span bytes, struct reason *reason);

/* Makes all that was staged and placed safe against a loss of power: one syncfs(2). */
bool filestore_sync(struct filestore *store, struct reason *reason);

/* Renames the staged file to its place and makes the directories above it.  bytes are those that
 * were staged, to compare with a file that may exist by now.  With overwrite a file or a link is
 * replaced, a directory never.  The slot is free afterwards, unless the result is
 * FILESTORE_FAILED. */
enum filestore_result filestore_place(struct filestore *store, unsigned slot, const char *path,
                                      struct span bytes, struct reason *reason);

/* Closes the subdirectories that are kept open, before a wait: they may be moved during it. */
void filestore_rest(struct filestore *store);

/* Removes the staging directory and closes.  False: the reason says what could not be removed. */
bool filestore_close(struct filestore *store, struct reason *reason);

#endif
