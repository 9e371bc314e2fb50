/* auth: how a request proves who it comes from. */
#ifndef AUTH_H
#define AUTH_H

#include "base/diag.h"
#include "deliver/http.h"

enum auth_kind {
    AUTH_NONE,
    AUTH_BASIC,  /* the credential is user:password (RFC 7617) */
    AUTH_BEARER, /* the credential is a token (RFC 6750) */
    AUTH_HEADER, /* … is in a header field of some name */
    AUTH_QUERY,  /* … in a parameter of the URL */
    AUTH_OAUTH2, /* the credential is client_id:client_secret, for a token endpoint (RFC 6749) */
};

struct auth {
    enum auth_kind kind;
    const char *name;       /* of the header field, or of the parameter */
    const char *prefix;     /* before the credential in a header field; NULL: none */
    const char *credential; /* secret; NULL for AUTH_NONE */
};

/* What auth_parse() reads, by kind, ended by NULL: "none", "header:NAME" and so on. */
extern const char *const auth_names[];

/* Reads one of auth_names, with a header's or parameter's name in place of NAME; auth->name points
 * into text.  False with a reason: it is none of them. */
bool auth_parse(const char *text, struct auth *auth, struct reason *reason);

/* Sets the transfer's URL and its authentication, adding to *headers if the authentication is a
 * header field.  token is the OAuth2 server's, for AUTH_OAUTH2.  False: no memory. */
bool auth_apply(const struct auth *auth, const char *url, const char *token,
                struct http_transfer *transfer, struct curl_slist **headers);

#endif
