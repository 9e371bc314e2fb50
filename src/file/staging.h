/* staging: a directory of our own inside a directory, in which files are written before they are
 * renamed to their places.
 *
 * Its name is .audit-fileput.XXXXXX, and its owner holds a flock(2) on it.  An unlocked directory
 * was left behind by a killed run: the next run removes it.  The staging directory of a running
 * process is left alone. */
#ifndef STAGING_H
#define STAGING_H

#include <stdbool.h>

#define STAGING_PREFIX ".audit-fileput"

struct staging {
    int dir; /* the parent directory; the caller's */
    int fd;
    char name[sizeof STAGING_PREFIX + 7];
};

/* Removes what killed runs left in `dir`, and makes a staging directory.  False with errno set. */
bool staging_open(struct staging *staging, int dir);

/* Removes it and its files.  False with errno set: it could not be removed. */
bool staging_close(struct staging *staging);

#endif
