/* hash: of spans and numbers, for tables in memory: XXH3, of xxHash.
 *
 * Names come from outside, so the hash has a secret of the process's own: nobody can choose names
 * that all fall into one place.  A text has another hash in each run.  Nothing that is written may
 * depend on it: no hash goes into a file that another run reads, and tables are written in an order
 * of their own.  What another process has to compute, too, is base/mac.h's or a digest.
 */
#ifndef HASH_H
#define HASH_H

#include "base/span.h"

#include <stdint.h>

/* The text's hash, the same throughout the process; two texts may have the same one. */
uint64_t hash_span(struct span text);

/* The number's. */
uint64_t hash_number(uint64_t number);

#endif
