/* credentials: the keys that sign S3 requests, and the sources that can be read without a request:
 * the environment, and a profile of the shared files. */
#ifndef CREDENTIALS_H
#define CREDENTIALS_H

#include "s3/profile.h"

#include <stdint.h>

struct credentials {
    char *access_key; /* NULL: there are no credentials */
    char *secret_key;
    char *token;     /* of a session; NULL: none */
    int64_t expires; /* seconds since 1970; INT64_MAX: never */
    enum credentials_source {
        CREDENTIALS_ENVIRONMENT,
        CREDENTIALS_PROFILE,
        CREDENTIALS_CONTAINER,
        CREDENTIALS_INSTANCE,
    } source;
};

/* The result of reading one source. */
enum credentials_found {
    CREDENTIALS_FOUND,
    CREDENTIALS_NOT_HERE, /* the source has none: the next one is tried */
    CREDENTIALS_WRONG,    /* the source has credentials that cannot be used: the reason says why */
};

/* $AWS_ACCESS_KEY_ID, $AWS_SECRET_ACCESS_KEY, $AWS_SESSION_TOKEN. */
enum credentials_found credentials_from_environment(struct credentials *credentials,
                                                    struct reason *reason);

/* The profile's.  The reason names sources that only the AWS CLI supports (a role, SSO, a
 * process). */
enum credentials_found credentials_from_profile(struct credentials *credentials,
                                                const struct profile *profile,
                                                struct reason *reason);

/* When to fetch them again, in seconds since 1970: some minutes before they expire, or a quarter of
 * their lifetime if that is less; INT64_MAX: never.  now is when they were fetched. */
int64_t credentials_renewal(const struct credentials *credentials, int64_t now);

/* Copies the strings; token may be NULL.  False with a reason: a part is missing or has a character
 * that a header cannot have, or there is no memory.  `where` names the source in the reason. */
bool credentials_set(struct credentials *credentials, const char *access_key,
                     const char *secret_key, const char *token, const char *where,
                     struct reason *reason);

bool credentials_equal(const struct credentials *a, const struct credentials *b);

/* Overwrites and frees the strings. */
void credentials_free(struct credentials *credentials);

/* The region that requests are signed for: $AWS_REGION, $AWS_DEFAULT_REGION, or the profile's;
 * NULL: none is set. */
const char *credentials_region(const struct profile *profile);

#endif
