/* seal_stamp: RFC 3161 time stamps over seals: proof by a third party of when a seal existed.
 *
 * The stamp is over the SHA-256 of the seal's file and stands in NUMBER.tsr as the authority's
 * answer came, which `openssl ts -verify -data SEAL -in TSR -CAfile CA` takes.
 */
#ifndef SEAL_STAMP_H
#define SEAL_STAMP_H

#include "base/diag.h"
#include "base/digest.h"

#include <openssl/x509.h>
#include <stdint.h>

struct stamp_authority {
    const char *url;    /* --tsa */
    const char *cacert; /* --cacert: authorities for its TLS certificate; NULL: the system's */
    int64_t timeout;    /* seconds that one request may take */
};

enum stamp_result {
    STAMP_GOOD,
    STAMP_WRONG,     /* it is over something else */
    STAMP_UNTRUSTED, /* its signature is not by a trusted authority */
    STAMP_BROKEN,    /* it is no time stamp */
};

/* Asks the authority for a stamp over the digest: one POST over HTTP.  What it answers is checked
 * to be a stamp over this digest with this request's nonce.  bytes->at is the caller's for free().
 * False with a reason. */
bool stamp_fetch(const struct stamp_authority *authority, const unsigned char digest[DIGEST_SIZE],
                 struct span *bytes, struct reason *reason);

/* Checks a stamp.  trust: the authorities that may have signed it, for the time that it says; NULL:
 * the signature is not checked.  *milliseconds: the time that it says, where it says one. */
enum stamp_result stamp_check(struct span bytes, const unsigned char digest[DIGEST_SIZE],
                              X509_STORE *trust, int64_t *milliseconds, struct reason *reason);

/* Reads certificates in PEM to trust.  NULL with a reason. */
X509_STORE *stamp_trust(const char *file, struct reason *reason);

#endif
