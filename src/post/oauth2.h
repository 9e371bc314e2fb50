/* oauth2: an access token for a client's own credentials (RFC 6749 section 4.4), kept fresh.
 *
 * The token is asked for before the first request, again before it expires, and when the service
 * refuses it; requests go on with the old one as long as that holds.
 */
#ifndef OAUTH2_H
#define OAUTH2_H

#include "deliver/receipts.h"
#include "deliver/retry.h"
#include "deliver/service.h"

struct oauth2 {
    const char *token_url;
    const char *scope;      /* NULL: none */
    const char *credential; /* client_id:client_secret */
    bool basic;             /* the client names itself in a header and not in the body */
    struct retry_policy policy;

    char *token;                  /* NULL: none yet */
    char *body;                   /* of the request for it */
    uint64_t generation;          /* counts the tokens; 0: none yet */
    int64_t renew_at, expires_at; /* INT64_MAX: not known */
    int64_t try_at;               /* after a failure, not before */
    int64_t failing;              /* since when none was given */
    unsigned failures;            /* in a row */
    bool asking;                  /* a request is under way */
    bool refused;                 /* the service has refused a token, and has taken none since */
    struct sender *sender;
    struct reason hopeless; /* why no token will ever be given; "" while there is hope */
};

/* Begins with token_url, scope, credential, basic and policy set.  False after a message. */
bool oauth2_begin(struct oauth2 *oauth2);

/* Says whether there is a token to use now, and asks for one where it is time: a service's ready().
 */
enum readiness oauth2_ready(struct oauth2 *oauth2, struct sender *sender, int64_t now,
                            int64_t *wake_at, struct reason *reason);

/* The service has refused (401) a request sent with the token of that generation.  True: another
 * attempt with a new token makes sense. */
bool oauth2_refuse(struct oauth2 *oauth2, uint64_t generation);

/* The service has taken a request. */
void oauth2_accept(struct oauth2 *oauth2);

void oauth2_end(struct oauth2 *oauth2);

#endif
