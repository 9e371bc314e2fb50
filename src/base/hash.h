/* hash: of spans, for tables in memory.  The same bytes have the same hash in this process only. */
#ifndef HASH_H
#define HASH_H

#include "base/span.h"

#include <stdint.h>

static inline uint64_t hash_mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15;
    return hash ^ hash >> 29;
}

/* Eight bytes at a time; the last eight may overlap those before them. */
static inline uint64_t hash_span(struct span text)
{
    uint64_t hash = text.len, word = 0;
    size_t at = 0;
    if (text.len < sizeof word) {
        for (; at < text.len; at++)
            word = word << 8 | (unsigned char)text.at[at];
        return hash_mix(hash, word);
    }
    for (; text.len - at > sizeof word; at += sizeof word) {
        memcpy(&word, text.at + at, sizeof word);
        hash = hash_mix(hash, word);
    }
    memcpy(&word, text.at + text.len - sizeof word, sizeof word);
    return hash_mix(hash, word);
}

#endif
