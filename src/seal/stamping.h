/* stamping: time stamps for the seals of a directory. */
#ifndef STAMPING_H
#define STAMPING_H

#include "seal/seal_dir.h"
#include "seal/stamp_fetch.h"

/* Fetches a time stamp over the seal's digest and writes it beside the seal.  False with a reason.
 */
bool stamp_seal(const struct seal_dir *dir, const struct stamp_authority *authority,
                uint32_t number, const unsigned char digest[DIGEST_SIZE], struct reason *reason);

/* Does so for each seal that has no time stamp, the oldest first, until one fails; *stamped is how
 * many there were.  False with a reason. */
bool stamp_missing(const struct seal_dir *dir, const struct stamp_authority *authority,
                   uint32_t *stamped, struct reason *reason);

#endif
