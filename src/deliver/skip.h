/* skip: the paths that are at their destination already, according to earlier receipts (--skip).
 *
 * A set of 128 bits of each path's SHA-256: memory grows by about 32 bytes for each path, however
 * long paths are, and two paths are not mistaken for one another. */
#ifndef SKIP_H
#define SKIP_H

#include "base/diag.h"

#include <stdint.h>

struct skip {
    struct skip_key {
        uint64_t half[2]; /* both 0: the slot is free */
    } * key;
    size_t count, capacity; /* capacity is a power of two, or 0 */
};

/* Adds the paths that a file of receipts calls delivered, exists, replaced or skipped.  A set
 * begins zeroed.  False with a reason: the file cannot be read, or there is no memory.  *torn is
 * raised by the number of lines that are not receipts. */
bool skip_read(struct skip *skip, const char *file, size_t *torn, struct reason *reason);

/* Whether the path, decoded, is in the set. */
bool skip_has(const struct skip *skip, struct span path);

void skip_free(struct skip *skip);

#endif
