#include "config.h"

#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t hash_span(struct span text)
{
    return XXH3_64bits(text.at, text.len);
}
