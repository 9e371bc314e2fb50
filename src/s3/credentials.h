/* credentials: what S3 requests are signed with, and the places that need no request to be read:
 * the environment, and a profile of the shared files.
 */
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

/* What became of a look at one place. */
enum credentials_found {
    CREDENTIALS_FOUND,
    CREDENTIALS_NOT_HERE, /* the place has none: the next one is asked */
    CREDENTIALS_WRONG,    /* the place has them, and they cannot be used: the reason says why */
};

/* $AWS_ACCESS_KEY_ID, $AWS_SECRET_ACCESS_KEY, $AWS_SESSION_TOKEN. */
enum credentials_found credentials_from_environment(struct credentials *credentials,
                                                    struct reason *reason);

/* The profile's.  Ways to credentials that only the AWS CLI has (a role, SSO, a process) are named
 * in the reason. */
enum credentials_found credentials_from_profile(struct credentials *credentials,
                                                const struct profile *profile,
                                                struct reason *reason);

/* When to fetch them again, in seconds since 1970: some minutes before they expire, a quarter of
 * their time if that is less; INT64_MAX: never.  now is when they were fetched. */
int64_t credentials_renewal(const struct credentials *credentials, int64_t now);

/* Copies the strings; token may be NULL.  False with a reason: a part is missing or has a
 * character that a header cannot have, or no memory.  `where` names the source in the reason. */
bool credentials_set(struct credentials *credentials, const char *access_key,
                     const char *secret_key, const char *token, const char *where,
                     struct reason *reason);

bool credentials_equal(const struct credentials *a, const struct credentials *b);

/* Overwrites and frees the strings. */
void credentials_free(struct credentials *credentials);

/* The region that requests are signed for: $AWS_REGION, $AWS_DEFAULT_REGION, the profile's; NULL
 * where none is set. */
const char *credentials_region(const struct profile *profile);

#endif
