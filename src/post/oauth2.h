/* oauth2: an access token for a client's own credentials (RFC 6749 section 4.4), kept fresh.
 *
 * A token is requested before the first request, again before it expires, and when the service
 * refuses it; requests use the old one as long as it is valid. */
#ifndef OAUTH2_H
#define OAUTH2_H

#include "deliver/receipts.h"
#include "deliver/retry.h"
#include "deliver/service.h"

struct oauth2 {
    const char *token_url;
    const char *scope;      /* NULL: none */
    const char *credential; /* client_id:client_secret */
    bool basic;             /* the client authenticates in a header, not in the body */
    struct retry_policy policy;

    char *token;                  /* NULL: none yet */
    char *body;                   /* of the token request */
    uint64_t generation;          /* the token's number; 0: none yet */
    int64_t renew_at, expires_at; /* INT64_MAX: not known */
    int64_t try_at;               /* the next attempt is not before this, after a failure */
    int64_t failing;              /* since when no token was granted */
    unsigned failures;            /* consecutive failures */
    bool asking;                  /* a request is under way */
    bool refused;                 /* the service has refused a token, and has accepted none since */
    struct sender *sender;
    struct reason hopeless; /* why no token will ever be granted; "" if one may be */
};

/* Begins; the caller has set token_url, scope, credential, basic and policy.  False after a
 * message. */
bool oauth2_begin(struct oauth2 *oauth2);

/* Says whether there is a valid token now, and requests one when it is time: a service's
 * ready(). */
enum readiness oauth2_ready(struct oauth2 *oauth2, struct sender *sender, int64_t now,
                            int64_t *wake_at, struct reason *reason);

/* The service has refused (401) a request sent with the token of that generation.  True: another
 * attempt with a new token makes sense. */
bool oauth2_refuse(struct oauth2 *oauth2, uint64_t generation);

/* The service has accepted a request. */
void oauth2_accept(struct oauth2 *oauth2);

void oauth2_end(struct oauth2 *oauth2);

#endif
