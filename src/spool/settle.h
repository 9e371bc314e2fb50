/* settle: changes the spool according to the acknowledgement.
 *
 * Each segment of a batch is removed, or replaced by one with the lines that stay; rejected lines
 * are moved to DIR/failed first, to a file NAME-SIZE.ndjson with their receipts in
 * NAME-SIZE.receipts, both synced.  Settling again after a kill has the same result: nothing is
 * done twice, and nothing is removed before its replacement is safe. */
#ifndef SETTLE_H
#define SETTLE_H

#include "spool/acknowledge.h"

/* Settles every segment of the batch; receipts is the file from which the acknowledgement was read,
 * or -1.  False with a reason: a file could not be written; that segment and later ones are
 * unchanged. */
bool settle_batch(const struct batch *batch, const struct acknowledgement *acknowledgement,
                  int receipts, struct reason *reason);

/* Moves each segment of the batch that was spooled before `before` (seconds since 1970; by the time
 * in its name, or its time of change) to DIR/failed, with receipts that say why.  *lines is how
 * many lines were moved.  False with a reason. */
bool settle_too_old(const struct batch *batch, int64_t before, const char *why, size_t *lines,
                    struct reason *reason);

#endif
