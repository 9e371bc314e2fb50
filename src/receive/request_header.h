/* request_header: what the header of a request says (RFC 9112), and whether it says it beyond
 * doubt.
 *
 * Where a body ends must be beyond doubt: if a proxy before us saw it end elsewhere, somebody could
 * put a request of his own into another's (RFC 9112 section 11.2).
 */
#ifndef REQUEST_HEADER_H
#define REQUEST_HEADER_H

#include "receive/auth_check.h"

#include <microhttpd.h>

/* Its strings are MHD's, which stay until the request has completed. */
struct request_header {
    const struct auth_check *auth; /* how a credential comes */
    size_t size;                   /* bytes, the request line included */
    bool ambiguous; /* it is malformed, or has twice what may be there once: to be refused */
    unsigned lengths, codings, hosts, credentials, encodings; /* how often each is there */
    bool chunked; /* Transfer-Encoding is that and nothing else */
    bool expects; /* Expect: 100-continue */
    bool splunk;  /* the sender speaks to a Splunk collector */
    uint64_t length;
    const char *encoding; /* Content-Encoding; NULL: none */
    struct span credential;
    const char *end; /* of the last value, in the header as it was read; NULL: there is none */
};

/* Reads the header of the connection's request.  `method` and `version` are those that MHD gives
 * for it. */
struct request_header request_header_read(struct MHD_Connection *connection,
                                          const struct auth_check *auth, const char *method,
                                          const char *version);

#endif
