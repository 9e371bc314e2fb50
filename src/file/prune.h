/* prune: the retention of a directory archive, the counterpart of fileput.
 *
 * Files whose day has passed are removed, and so are directories that are empty or become so.  The
 * day is the one in the path (filter/path_date.h); if the path has none, the time of the file's one
 * event counts.  The modification time is not used: a copy of an archive has new ones.
 *
 * The walk goes from descriptor to descriptor (openat(2), O_NOFOLLOW), so that no link leads
 * out. */
#ifndef PRUNE_H
#define PRUNE_H

#include "base/diag.h"
#include "event/event.h"

#include <stdint.h>

enum {
    PRUNE_PATH_MAX = 4096, /* bytes of the longest path that is removed */
    PRUNE_DEPTH = 128,     /* nested directories, at most */
};

struct prune {
    int64_t before; /* seconds since 1970: a day that ended before this is over */
    bool dry_run;   /* nothing is removed */
    void *context;

    /* Called with the paths, relative to the directory, that are about to be removed, each followed
     * by a newline.  False: they could not be written; nothing more is removed. */
    bool (*announce)(void *context, struct span paths);
    /* Called with a path that is kept although it may be old, and why. */
    void (*problem)(void *context, const char *path, const char *why);
    /* Asked between files: true ends the walk. */
    bool (*stop)(void *context);

    size_t removed, directories; /* removed; with dry_run, what would be removed */
    size_t kept;                 /* files that are not old enough */
    size_t left;    /* entries that are not files of events: links, hidden files, other types */
    size_t undated; /* files whose date is not known */
    size_t failed;  /* entries that could not be removed or read */

    /* The module's own members; zeroed at first. */
    char path[PRUNE_PATH_MAX + 1];
    size_t path_len;
    bool ended;
    struct prune_batch *batch;
    struct json json;
};

/* Removes what is old below the directory.  False with a reason: the directory cannot be opened, or
 * there is no memory. */
bool prune_directory(struct prune *prune, const char *directory, struct reason *reason);

#endif
