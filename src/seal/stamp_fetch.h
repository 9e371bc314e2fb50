/* stamp_fetch: asks a time-stamping authority for a stamp (RFC 3161, over HTTP).
 *
 * Apart from seal_stamp.h, so that audit-verify, which only checks stamps, starts without libcurl.
 */
#ifndef STAMP_FETCH_H
#define STAMP_FETCH_H

#include "base/diag.h"
#include "base/digest.h"

#include <stdint.h>

struct stamp_authority {
    const char *url;    /* --tsa */
    const char *cacert; /* --cacert: authorities for its TLS certificate; NULL: the system's */
    int64_t timeout;    /* seconds that one request may take */
};

/* Sets libcurl up, before there are threads.  False with a reason. */
bool stamp_fetch_begin(struct reason *reason);

/* By any thread.  Asks the authority for a stamp over the digest: one POST over HTTP.  What it
 * answers is checked to be a stamp over this digest with this request's nonce.  bytes->at is the
 * caller's for free(). A signal that asks to stop
 * (interrupt.h) leaves the authority two seconds.  False with a reason. */
bool stamp_fetch(const struct stamp_authority *authority, const unsigned char digest[DIGEST_SIZE],
                 struct span *bytes, struct reason *reason);

#endif
