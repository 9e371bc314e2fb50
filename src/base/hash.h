/* hash: of spans, for tables in memory: XXH3, of xxHash. */
#ifndef HASH_H
#define HASH_H

#include "base/span.h"

#include <stdint.h>

/* The text's hash, the same in every run; two texts may have the same one. */
uint64_t hash_span(struct span text);

#endif
