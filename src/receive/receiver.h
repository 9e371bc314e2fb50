/* receiver: what all requests share. */
#ifndef RECEIVER_H
#define RECEIVER_H

#include "receive/auth_check.h"
#include "receive/body.h"
#include "receive/buffer.h"
#include "receive/commit.h"
#include "receive/journal.h"
#include "receive/rate.h"

enum { RECEIVER_PATHS = 16 };

struct receiver {
    const char *path[RECEIVER_PATHS]; /* the paths for events */
    size_t paths;
    int form; /* enum body_form */
    size_t max_body;
    size_t max_header;
    bool need_certificate; /* clients must send one that --client-ca has signed */
    struct auth_check auth;
    struct rate rate;
    struct budget budget;
    struct commit commit;
    struct journal journal;
    atomic_bool stopping; /* new requests get a 503 */
    atomic_size_t active; /* requests that have begun and have no response yet */
};

#endif
