/* hashtree: the SHA-256 of every file below a directory, by several threads.
 *
 * No link is followed.  One thread walks the directories and opens the files; the others read and
 * digest them. */
#ifndef HASHTREE_H
#define HASHTREE_H

#include "base/digest.h"

#include <sys/stat.h>

enum hashtree_kind {
    HASHTREE_FILE,
    HASHTREE_LINK,    /* a symbolic link */
    HASHTREE_SPECIAL, /* a device, a pipe, a socket */
};

struct hashtree {
    const char *name; /* the directory's, for messages */
    int root;         /* its descriptor */
    unsigned threads; /* 0: one for each processor, at most 8 */

    /* Whether to skip an entry; for a directory, with everything in it. */
    bool (*skip)(void *context, struct span path, const struct stat *status, int parent,
                 const char *name);

    /* Called by any thread: whether a file is settled by its digest; it is then counted in
     * known_files and not passed to found().  NULL: no file is. */
    bool (*known)(void *context, struct span path, const unsigned char digest[DIGEST_SIZE]);
    uint64_t known_files;

    /* Called with each entry; never by two threads at once.  digest is NULL except for files.
     * False: stop. */
    bool (*found)(void *context, struct span path, enum hashtree_kind kind,
                  const unsigned char *digest);
    void *context;
};

/* Walks the tree.  A file or directory that cannot be read is a message and STATUS_FAILED, and the
 * walk continues.  False: the walk is incomplete, after a message, or because `found` returned
 * false. */
bool hashtree_walk(struct hashtree *tree);

#endif
