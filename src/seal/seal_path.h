/* seal_path: the paths that a seal may name, and their form in a line of sha256sum(1).
 *
 * sha256sum writes a backslash, a newline and a carriage return in a name as \\, \n and \r, and
 * marks such a line with a backslash at its start. */
#ifndef SEAL_PATH_H
#define SEAL_PATH_H

#include "base/diag.h"

enum {
    SEAL_PATH_MAX = 1024,                  /* bytes of the longest path: S3's limit of a key */
    SEAL_PATH_ESCAPED = 2 * SEAL_PATH_MAX, /* and of its escaped form */
};

/* Whether the path names a file below a directory, so that `sha256sum -c` can check it there:
 * relative, 1 to SEAL_PATH_MAX bytes, no NUL, no empty, "." or ".." component.  False with a
 * reason. */
bool seal_path_check(struct span path, struct reason *reason);

/* Writes the path as sha256sum does, without a NUL; returns the length.  *escaped: the line needs
 * the mark. */
size_t seal_path_escape(struct span path, char text[SEAL_PATH_ESCAPED], bool *escaped);

/* The reverse, for a marked line.  False: an escape that sha256sum does not write, no escape at
 * all, or a path of more than SEAL_PATH_MAX bytes. */
bool seal_path_unescape(struct span text, char path[SEAL_PATH_MAX], size_t *len);

#endif
