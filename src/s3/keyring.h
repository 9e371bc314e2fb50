/* keyring: the current credentials, found where the AWS CLI finds them and kept fresh.
 *
 * In this order: the environment (not with --profile), the profile in the shared credentials and
 * config files, the container's endpoint, the instance's metadata.  Credentials that expire are
 * fetched again in time, while requests go on.  Nothing here blocks: a request for credentials is a
 * transfer of the caller's loop. */
#ifndef KEYRING_H
#define KEYRING_H

#include "s3/metadata.h"

struct keyring {
    struct profile profile;
    bool by_option; /* --profile chose it: the environment's credentials are ignored */
    struct credentials credentials;
    uint64_t generation; /* the number of the credentials; 0: none yet */
    int64_t renew_at;    /* seconds since 1970; INT64_MAX: never */
    bool refused;        /* the store says that the current ones have expired */
    struct metadata metadata;
    struct reason failed; /* why there are none; "" while this is not known */
};

/* Reads the profile (NULL: $AWS_PROFILE, or "default").  False with a reason; call keyring_end() in
 * either case. */
bool keyring_begin(struct keyring *keyring, const char *profile, struct reason *reason);

/* Finds credentials that need no request.  False with a reason: there are none, and none can be
 * requested. */
bool keyring_find(struct keyring *keyring, struct reason *reason);

enum keyring_state {
    KEYRING_READY,
    KEYRING_WAITS, /* they are being requested, in transfers of http */
    KEYRING_EMPTY, /* there are none, for the given reason */
};
enum keyring_state keyring_ready(struct keyring *keyring, struct http *http, struct reason *reason);

/* The store says that the credentials of that generation have expired.  True: there are others, or
 * may be; call keyring_ready().  False with a reason: there are none. */
bool keyring_expired(struct keyring *keyring, uint64_t generation, struct reason *reason);

/* Ends it, after http_end(). */
void keyring_end(struct keyring *keyring);

#endif
