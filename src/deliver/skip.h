/* skip: the paths that earlier receipts (--skip) say are at their destination already.
 *
 * A set of 128 bits of each path's SHA-256: memory grows by 32 bytes or so a path, however long
 * paths are, and two paths are not taken for one another.
 */
#ifndef SKIP_H
#define SKIP_H

#include "base/diag.h"

#include <stdint.h>

struct skip {
    struct skip_key {
        uint64_t half[2]; /* both 0: the place is free */
    } * key;
    size_t count, capacity; /* capacity is a power of two, or 0 */
};

/* Adds the paths of a file of receipts that are delivered, exist, were replaced or skipped.  A set
 * begins zeroed.  False with a reason: the file cannot be read, or there is no memory.  *torn is
 * raised by the number of lines that are no receipts. */
bool skip_read(struct skip *skip, const char *file, size_t *torn, struct reason *reason);

/* Whether the path, decoded, is in the set. */
bool skip_has(const struct skip *skip, struct span path);

void skip_free(struct skip *skip);

#endif
