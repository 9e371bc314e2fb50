/* seal_stamp: RFC 3161 time stamps for seals: a third party's proof of when a seal existed.
 *
 * The stamp is for the SHA-256 of the seal's file.  NUMBER.tsr contains the authority's response
 * unchanged, which `openssl ts -verify -data SEAL -in TSR -CAfile CA` accepts. */
#ifndef SEAL_STAMP_H
#define SEAL_STAMP_H

#include "base/diag.h"
#include "base/digest.h"

#include <openssl/x509.h>
#include <stdint.h>

enum stamp_result {
    STAMP_GOOD,
    STAMP_WRONG,     /* it is for something else */
    STAMP_UNTRUSTED, /* no trusted authority signed it */
    STAMP_BROKEN,    /* it is not a time stamp */
};

/* Checks a stamp.  trust: the authorities that may have signed it, at the time in the stamp; NULL:
 * the signature is not checked.  *milliseconds: the time in the stamp, if it has one. */
enum stamp_result stamp_check(struct span bytes, const unsigned char digest[DIGEST_SIZE],
                              X509_STORE *trust, int64_t *milliseconds, struct reason *reason);

/* Reads certificates in PEM to trust.  NULL with a reason. */
X509_STORE *stamp_trust(const char *file, struct reason *reason);

#endif
