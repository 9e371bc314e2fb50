/* request_header: the fields of a request's header (RFC 9112), and whether they are unambiguous.
 *
 * The end of a body must be unambiguous: if a proxy before us saw another end, an attacker could
 * smuggle a request into another one (RFC 9112 section 11.2). */
#ifndef REQUEST_HEADER_H
#define REQUEST_HEADER_H

#include "receive/auth_check.h"

#include <microhttpd.h>

/* Its strings are MHD's, which are valid until the request has completed. */
struct request_header {
    const struct auth_check *auth; /* how a credential is sent */
    size_t size;                   /* bytes, including the request line */
    bool ambiguous; /* it is malformed, or repeats a field that may appear only once: to be refused
                     */
    unsigned lengths, codings, hosts, credentials, encodings; /* how often each appears */
    bool chunked; /* Transfer-Encoding is "chunked" and nothing else */
    bool expects; /* Expect: 100-continue */
    bool splunk;  /* the sender uses the protocol of a Splunk collector */
    uint64_t length;
    const char *encoding; /* Content-Encoding; NULL: none */
    struct span credential;
    const char *end; /* of the last value, in the header as it was read; NULL: there is none */
};

/* Reads the header of the connection's request.  `method` and `version` are MHD's for it. */
struct request_header request_header_read(struct MHD_Connection *connection,
                                          const struct auth_check *auth, const char *method,
                                          const char *version);

#endif
