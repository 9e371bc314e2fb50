/* hasher: SHA-256 of large amounts, with a context of its own, for threads: one hasher each.
 *
 * It uses sha256_pair.h if the processor supports that; otherwise, and for bytes in parts,
 * libcrypto, which is linked for the signatures anyway and takes 6 to 11 % less time than nettle
 * (base/digest.h) for bodies of 100 KB. */
#ifndef HASHER_H
#define HASHER_H

#include "seal/sha256_pair.h"

#include <openssl/evp.h>

struct hasher {
    EVP_MD *algorithm; /* fetched once: a lookup takes as long as digesting half a KB */
    EVP_MD_CTX *context;
    bool pairs; /* sha256_pair_able() */
};

/* False: libcrypto does not support it. */
bool hasher_begin(struct hasher *hasher);

/* For bytes in parts: start, add as often as needed, finish.  False: see above. */
bool hasher_start(struct hasher *hasher);
bool hasher_add(struct hasher *hasher, struct span bytes);
bool hasher_finish(struct hasher *hasher, unsigned char digest[DIGEST_SIZE]);

/* For bytes in memory; with many at once it takes half the time. */
bool hasher_digest(struct hasher *hasher, struct span bytes, unsigned char digest[DIGEST_SIZE]);
bool hasher_digest_all(struct hasher *hasher, const struct sha256_text *text, size_t count);

void hasher_end(struct hasher *hasher);

#endif
