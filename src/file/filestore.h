/* filestore: a directory in which each event becomes a file of its own.
 *
 * A file is written under another name, in a staging directory inside the store, and renamed: under
 * its own name it is whole from the first moment on, whenever the run is killed.  After a loss of
 * power that holds as far as the file was synced before it was placed:
 *
 *     filestore_stage() of some files; filestore_sync(); filestore_place() of each;
 * filestore_sync()
 *
 * No link inside the store is followed, and none is written through.
 */
#ifndef FILESTORE_H
#define FILESTORE_H

#include "base/diag.h"
#include "file/staging.h"
#include "file/subdirs.h"

enum filestore_result {
    FILESTORE_DONE,
    FILESTORE_EXISTS,   /* a file with the same bytes is there, and stays */
    FILESTORE_REPLACED, /* a file with other bytes was there (overwrite) */
    FILESTORE_REJECTED, /* this file cannot be stored; others can */
    FILESTORE_FAILED,   /* nothing can be stored any more: the disk is full, say */
};

struct filestore {
    const char *name;
    int dir;
    bool sync_each; /* each file is synced by itself, as it is staged and as it is placed */
    bool overwrite; /* a file with other bytes, or a link, is replaced; else it is a conflict */
    bool must_link; /* the file system's rename cannot leave a file that is there */
    struct staging staging;
    struct subdirs subdirs;
};

/* Opens the store in a directory that exists; sync_each and overwrite are set by then.  False:
 * the reason says why, and names it. */
bool filestore_open(struct filestore *store, const char *directory, struct reason *reason);

/* Whether the path may name a file in a store, whoever made it: relative, at most SUBDIRS_PATH_MAX
 * bytes, no empty, "." or ".." component, no control character, no name of our staging's. */
bool filestore_may_name(struct span path, struct reason *reason);

/* Writes the file that is to become `path` as number `slot` of those staged.  FILESTORE_EXISTS: a
 * file with these bytes is there already; nothing was staged, as after any other failure.  Other
 * bytes there are a conflict, which is FILESTORE_REJECTED, unless `overwrite` is set. */
enum filestore_result filestore_stage(struct filestore *store, unsigned slot, const char *path,
                                      struct span bytes, struct reason *reason);

/* Makes all that was staged and placed safe against a loss of power: one syncfs(2). */
bool filestore_sync(struct filestore *store, struct reason *reason);

/* Renames the staged file to its place and makes the directories that lead there.  bytes are those
 * that were staged, to compare with what may be there by now.  With overwrite a file is
 * replaced, and a link too; a directory never is.  The slot is free afterwards, unless the answer
 * is FILESTORE_FAILED. */
enum filestore_result filestore_place(struct filestore *store, unsigned slot, const char *path,
                                      struct span bytes, struct reason *reason);

/* Closes the subdirectories that are kept open, before a wait: they may be moved meanwhile. */
void filestore_rest(struct filestore *store);

/* Removes the staging directory and closes.  False: the reason says what could not be removed. */
bool filestore_close(struct filestore *store, struct reason *reason);

#endif
