/* stamp_fetch: requests a stamp from a time-stamping authority (RFC 3161, over HTTP).
 *
 * Separate from seal_stamp.h, so that audit-verify, which only checks stamps, starts without
 * libcurl. */
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

/* Called by any thread.  Requests a stamp for the digest from the authority: one POST over HTTP.
 * Checks that the response is a stamp for this digest with this request's nonce.  The caller frees
 * bytes->at with free().  After a signal that asks to stop (interrupt.h) the authority has five
 * more seconds.  False with a reason. */
bool stamp_fetch(const struct stamp_authority *authority, const unsigned char digest[DIGEST_SIZE],
                 struct span *bytes, struct reason *reason);

#endif
