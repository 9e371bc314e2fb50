/* sha256_pair: the SHA-256 (FIPS 180-4) of many texts, two at a time, by the SHA instructions of
 * x86 processors.
 *
 * Each round of SHA-256 depends on the one before it, and the processor can execute another one in
 * the meantime: two texts at once take little longer than one.  Only hasher.h calls this, and uses
 * libcrypto if there are no such instructions. */
#ifndef SHA256_PAIR_H
#define SHA256_PAIR_H

#include "base/digest.h"

/* A text, and the place for its digest. */
struct sha256_text {
    struct span bytes;
    unsigned char *digest; /* DIGEST_SIZE bytes */
};

/* Whether this processor has the instructions. */
bool sha256_pair_able(void);

/* Digests the texts; only if sha256_pair_able(). */
void sha256_pair(const struct sha256_text *text, size_t count);

#endif
