/* jitter: random bits that keep clients from retrying at the same time; not for secrets. */
#ifndef JITTER_H
#define JITTER_H

#include <stdint.h>

/* Begins zeroed. */
struct jitter {
    uint64_t state; /* never 0 after it was seeded */
};

/* 32 uniform random bits: xorshift64* (S. Vigna, "An experimental exploration of Marsaglia's
 * xorshift generators, scrambled", 2016), seeded by the kernel at the first call. */
uint32_t jitter_bits(struct jitter *jitter);

#endif
