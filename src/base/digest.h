/* digest: SHA-256 (FIPS 180-4), MD5 (RFC 1321) and HMAC-SHA1 (RFC 2104), through nettle, which
 * needs no memory of its own, cannot fail, and is loaded in a third of libcrypto's time.
 *
 * Any thread may call these. */
#ifndef DIGEST_H
#define DIGEST_H

#include "base/span.h"

#include <stdint.h>

enum { DIGEST_SIZE = 32, DIGEST_HEX = 64 };

/* Writes the SHA-256 of the bytes to digest. */
void digest_sha256(struct span bytes, unsigned char digest[DIGEST_SIZE]);

/* Writes `count` bytes in lower-case hexadecimal, 2 * count characters without a NUL. */
void digest_hex(const unsigned char *restrict bytes, size_t count, char *restrict hex);

/* Reads at most 16 lower-case hexadecimal digits as a number.  False: there are other
 * characters. */
bool digest_unhex(struct span hex, uint64_t *number);

/* The length of `count` bytes in base64 (RFC 4648 section 4), without a NUL. */
#define DIGEST_BASE64(count) (((count) + 2) / 3 * 4)

/* Writes `count` bytes in base64, and a NUL. */
void digest_base64(const unsigned char *bytes, size_t count, char *base64);

enum {
    DIGEST_MD5_SIZE = 16,  /* bytes */
    DIGEST_HMAC_SIZE = 20, /* bytes */
};

/* The MD5 of the bytes, with which S3 compares contents. */
void digest_md5(struct span bytes, unsigned char digest[DIGEST_MD5_SIZE]);

/* The HMAC-SHA1 of the text. */
void digest_hmac_sha1(struct span key, struct span text, unsigned char digest[DIGEST_HMAC_SIZE]);

#endif
