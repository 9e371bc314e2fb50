/* request: one request, from its header to its response.
 *
 * The header is checked first.  If the request is refused for it, a small body is read and
 * discarded, so that the sender reads the response; with a larger body the connection is closed.
 * The body of any other request is read into memory, decompressed if necessary, split into events
 * and kept (see commit.h); only then is the response a 200.
 *
 *     200  the events are kept                     413  the body is too large
 *     400  the request or its body is wrong        415  a content coding other than gzip
 *     401  no valid credential, or certificate     429  more requests a second than --max-rate
 *     404  another path                            431  the header is too large
 *     405  neither POST nor PUT                    503  the events cannot be kept now
 *
 * The response to GET /healthz is a 200, or a 503 for a while after events could not be kept. */
#ifndef REQUEST_H
#define REQUEST_H

#include "receive/receiver.h"

#include <microhttpd.h>

/* The state of a connection that limits how long a request may take. */
struct peer {
    struct peer *next, *previous;
    int fd;
    _Atomic int64_t
        since;          /* when the current wait began: a steady clock, microseconds; -1: no wait */
    atomic_size_t body; /* bytes of the body that have arrived */
    bool has_spoken;    /* a request has come; only for the daemon's thread */
    char address[64];
};

/* MHD's MHD_AccessHandlerCallback, with the receiver as context. */
enum MHD_Result request_handle(void *receiver, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *upload,
                               size_t *upload_size, void **request);

/* MHD's MHD_RequestCompletedCallback. */
void request_completed(void *receiver, struct MHD_Connection *connection, void **request,
                       enum MHD_RequestTerminationCode code);

#endif
