/* auth_check: whether a request proves who it comes from.
 *
 * Several credentials are valid at once, so that one can be replaced without a gap, and the files
 * that contain them can be read again.  Only the SHA-256 of a credential is kept; it is compared in
 * constant time with those of all valid credentials. */
#ifndef AUTH_CHECK_H
#define AUTH_CHECK_H

#include "base/diag.h"
#include "base/digest.h"

#include <pthread.h>

enum auth_check_kind {
    AUTH_CHECK_NONE,
    AUTH_CHECK_BASIC,  /* user:password (RFC 7617) */
    AUTH_CHECK_BEARER, /* a token (RFC 6750) */
    AUTH_CHECK_HEADER, /* the value of a header field of a given name */
    AUTH_CHECK_QUERY,  /* a parameter of the URL */
};

enum auth_check_result {
    AUTH_CHECK_VALID,
    AUTH_CHECK_INVALID,
    AUTH_CHECK_OTHER_SCHEME, /* it does not begin with the scheme of basic or bearer */
};

struct auth_check {
    enum auth_check_kind kind;
    const char *name; /* of the credential's header field, or of its parameter */
    pthread_mutex_t lock;
    unsigned char (*digest)[DIGEST_SIZE]; /* of each valid credential, as a request sends it */
    size_t count;
};

void auth_check_init(struct auth_check *check);
void auth_check_free(struct auth_check *check);

/* Reads "none", "basic", "bearer", "header:NAME" or "query:NAME"; check->name points into text.
 * False: it is none of them. */
bool auth_check_parse(const char *text, struct auth_check *check);

/* Reads the credentials: one from each line of each file; empty lines do not count.  Without a
 * file, the value of the environment variable.  False with a reason that contains no credential: a
 * file cannot be read, there is no credential, one of basic has no colon, or one has a control
 * character.  The previous credentials then stay valid. */
bool auth_check_load(struct auth_check *check, const char *const *file, size_t files,
                     const char *variable, struct reason *reason);

/* Whether the value (of the header field or parameter `name`; for basic and bearer, of
 * Authorization, with the scheme) is a valid credential.  Any thread may call it. */
enum auth_check_result auth_check_value(struct auth_check *check, struct span value);

#endif
