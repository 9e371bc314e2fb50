/* subdirs: the directories below one directory, opened and made without following a link.
 *
 * Each component is opened from its parent's descriptor (openat(2), O_NOFOLLOW), so that no link,
 * old or new, leads out.  The directories of the last path stay open: a path with the same first
 * components needs no system calls for them. */
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
    bool durable;                /* fsync(2) a directory after a subdirectory is made in it */
    char path[SUBDIRS_PATH_MAX]; /* the last path that was opened */
    size_t depth;                /* how many of its directories are open */
    struct {
        int fd;
        size_t begin, end; /* its name's offsets in path */
    } level[SUBDIRS_DEPTH];
    bool made[SUBDIRS_DEPTH]; /* the last directory at this depth had to be made: the next one may
                                 have to be, too */
};

void subdirs_begin(struct subdirs *subdirs, int root, bool durable);

/* The descriptor, which stays the module's, of the directory that contains path's last component.
 * Missing directories are made (`make`), or are ENOENT.  path is relative, at most SUBDIRS_PATH_MAX
 * bytes, without empty, "." or ".." components.  On failure returns -1 and sets errno (ELOOP for a
 * link), and *where is how many bytes of path name the component that could not be opened. */
int subdirs_open(struct subdirs *subdirs, const char *path, bool make, size_t *where);

/* Closes all; they are opened again when needed. */
void subdirs_close(struct subdirs *subdirs);

#endif
