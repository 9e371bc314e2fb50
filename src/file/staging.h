/* staging: a directory of our own inside a directory, in which files are written before they are
 * renamed to their places.
 *
 * Its name is .audit-fileput.XXXXXX, its owner holds a flock(2) on it.  What a killed run left
 * behind is known by that no one holds the lock, and goes when the next run begins; the staging of
 * a run that lives is let alone.
 */
#ifndef STAGING_H
#define STAGING_H

#include <stdbool.h>

#define STAGING_PREFIX ".audit-fileput"

struct staging {
    int dir; /* the directory it stands in; the caller's */
    int fd;
    char name[sizeof STAGING_PREFIX + 7];
};

/* Removes what killed runs left in `dir`, and makes a staging directory.  False with errno set. */
bool staging_open(struct staging *staging, int dir);

/* Removes it and what is in it.  False with errno set: it could not be removed. */
bool staging_close(struct staging *staging);

#endif
