/* hash: hashes of spans and numbers for tables in memory: XXH3, of xxHash.
 *
 * Names come from input, so the hash has a secret of the process: an attacker cannot choose names
 * that all get the same slot.  A text has a different hash in each run.  Output must not depend on
 * it: no hash is written to a file that another run reads, and tables are written in an order of
 * their own.  For hashes that another process must compute too, use base/mac.h or a digest. */
#ifndef HASH_H
#define HASH_H

#include "base/span.h"

#include <stdint.h>

/* The text's hash, the same throughout the process; different texts may have the same one. */
uint64_t hash_span(struct span text);

/* The number's hash. */
uint64_t hash_number(uint64_t number);

#endif
