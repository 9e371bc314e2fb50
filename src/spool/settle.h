/* settle: makes the spool say what the acknowledgement says.
 *
 * Each segment of a batch is removed, or replaced by one with the lines that stay; rejected lines
 * go to DIR/failed first, in a file NAME-SIZE.ndjson with their receipts in NAME-SIZE.receipts,
 * both synced.  Settling again after a kill gives the same: what was done is not done twice, and
 * nothing is removed before its successor is safe.
 */
#ifndef SETTLE_H
#define SETTLE_H

#include "spool/acknowledge.h"

/* Settles every segment of the batch; receipts is the file that the acknowledgement was read from,
 * or -1.  False with a reason: a file could not be written; the segments from there on stay as they
 * are. */
bool settle_batch(const struct batch *batch, const struct acknowledgement *acknowledgement,
                  int receipts, struct reason *reason);

/* Moves each segment of the batch that was spooled before `before` (seconds since 1970; its name
 * tells, or its time of change) to DIR/failed, with receipts that say why.  *lines is how many
 * lines went.  False with a reason. */
bool settle_too_old(const struct batch *batch, int64_t before, const char *why, size_t *lines,
                    struct reason *reason);

#endif
