/* credentials: what S3 requests are signed with, found where the AWS CLI finds them.
 *
 * In this order: the environment (not where --profile is given), the profile in the shared
 * credentials and config files, the container's endpoint, the instance's metadata.  Whatever does
 * not stay is asked for again before it expires.
 */
#ifndef CREDENTIALS_H
#define CREDENTIALS_H

#include "s3/profile.h"

#include <stdint.h>

struct credentials {
    char *access_key;
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

/* Finds credentials; profile was read, by_option says that --profile chose it.  False with a
 * reason, which lists the places that were looked at; credentials is then empty. */
bool credentials_find(struct credentials *credentials, const struct profile *profile,
                      bool by_option, struct reason *reason);

/* When to find them anew, in seconds since 1970: some minutes before they expire, a quarter of
 * their time if they live shortly; INT64_MAX: never.  now is when they were found. */
int64_t credentials_renewal(const struct credentials *credentials, int64_t now);

/* Takes over copies of the strings; token may be NULL.  False with a reason: a part is missing or
 * holds a byte that no header takes, or no memory.  `where` names the source in it. */
bool credentials_set(struct credentials *credentials, const char *access_key,
                     const char *secret_key, const char *token, const char *where,
                     struct reason *reason);

bool credentials_equal(const struct credentials *a, const struct credentials *b);

void credentials_free(struct credentials *credentials);

/* The region that requests are signed for: $AWS_REGION, $AWS_DEFAULT_REGION, the profile's; NULL
 * where none is set. */
const char *credentials_region(const struct profile *profile);

#endif
