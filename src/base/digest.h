/* digest: SHA-256 (FIPS 180-4), MD5 and HMAC-SHA1, through OpenSSL's libcrypto. */
#ifndef DIGEST_H
#define DIGEST_H

#include "base/span.h"

#include <stdint.h>

enum { DIGEST_SIZE = 32, DIGEST_HEX = 64 };

/* Writes the SHA-256 of the bytes to digest.  False: libcrypto cannot do it (no memory, or a policy
 * that forbids it). */
bool digest_sha256(struct span bytes, unsigned char digest[DIGEST_SIZE]);

/* Writes `count` bytes in lower-case hexadecimal, 2 * count characters without a NUL. */
void digest_hex(const unsigned char *restrict bytes, size_t count, char *restrict hex);

/* Reads at most 16 lower-case hexadecimal digits as a number.  False: there are others. */
bool digest_unhex(struct span hex, uint64_t *number);

enum {
    DIGEST_MD5_SIZE = 16,  /* bytes */
    DIGEST_HMAC_SIZE = 20, /* bytes */
};

/* The MD5 of the bytes, for what S3 compares by it.  False: libcrypto cannot. */
bool digest_md5(struct span bytes, unsigned char digest[DIGEST_MD5_SIZE]);

/* The HMAC-SHA1 of the text (RFC 2104).  False: libcrypto cannot. */
bool digest_hmac_sha1(struct span key, struct span text, unsigned char digest[DIGEST_HMAC_SIZE]);

#endif
