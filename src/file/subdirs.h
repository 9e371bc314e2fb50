/* subdirs: the directories below one directory, opened and made without following a link.
 *
 * Each component is opened from its parent's descriptor (openat(2), O_NOFOLLOW), so that no link,
 * old or put there in the meantime, leads out.  The directories of the path asked for last stay
 * open: a path that shares its first components with it costs no system call for them.
 */
#ifndef SUBDIRS_H
#define SUBDIRS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    SUBDIRS_PATH_MAX = 1024, /* bytes of the longest path */
    SUBDIRS_DEPTH = SUBDIRS_PATH_MAX / 2,
};

struct subdirs {
    int root;                    /* the directory's descriptor; the caller's */
    bool durable;                /* fsync(2) a directory in which one was made */
    char path[SUBDIRS_PATH_MAX]; /* the one asked for last */
    size_t depth;                /* of its directories, how many are open */
    struct {
        int fd;
        size_t begin, end; /* its name's place in path */
    } level[SUBDIRS_DEPTH];
    bool made[SUBDIRS_DEPTH]; /* the last one at this depth had to be made: so the next may be */
};

void subdirs_begin(struct subdirs *subdirs, int root, bool durable);

/* The descriptor, which stays the module's, of the directory in which path's last component stands.
 * Directories that are not there are made (`make`), or are ENOENT.  path is relative, at most
 * SUBDIRS_PATH_MAX bytes, without empty, "." or ".." components.  On failure -1, errno, and in
 * *where how many bytes of path name what could not be opened; ELOOP stands for a link. */
int subdirs_open(struct subdirs *subdirs, const char *path, bool make, size_t *where);

/* Closes all; they are opened again when asked for. */
void subdirs_close(struct subdirs *subdirs);

#endif
