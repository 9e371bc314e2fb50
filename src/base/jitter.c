#include "config.h"

#include "base/clock.h"
#include "base/jitter.h"

#include <sys/random.h>
#include <sys/types.h>
#include <unistd.h>

static uint64_t seed(void)
{
    uint64_t bits;
    if (getrandom(&bits, sizeof bits, GRND_NONBLOCK) != (ssize_t)sizeof bits)
        bits = (uint64_t)clock_now() * 2654435761U + (uint64_t)getpid();
    return bits != 0 ? bits : 1;
}

uint32_t jitter_bits(struct jitter *jitter)
{
    if (jitter->state == 0)
        jitter->state = seed();
    jitter->state ^= jitter->state >> 12;
    jitter->state ^= jitter->state << 25;
    jitter->state ^= jitter->state >> 27;
    return (uint32_t)(jitter->state * 0x2545f4914f6cdd1dULL >> 32);
}
