/* credentials-check: prints what credentials_find() finds, one part a line, or its reason,
 * status 1. With an operand: as with --profile. */
#include "config.h"

#include "s3/credentials.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static void print(const char *name, const char *value)
{
    printf("%s %s\n", name, value != NULL ? value : "-");
}

int main(int argc, char **argv)
{
    static const char *const source[] = {"environment", "profile", "container", "instance"};
    struct profile profile;
    struct credentials credentials = {0};
    struct reason reason;
    const char *name = argc > 1 ? argv[1] : NULL;
    bool found = profile_read(&profile, name, &reason) &&
                 credentials_find(&credentials, &profile, name != NULL, &reason);
    if (found) {
        print("source", source[credentials.source]);
        print("access", credentials.access_key);
        print("secret", credentials.secret_key);
        print("token", credentials.token);
        print("region", credentials_region(&profile));
        int64_t now = (int64_t)time(NULL);
        int64_t renewal = credentials_renewal(&credentials, now);
        if (credentials.expires != INT64_MAX)
            printf("expires %" PRId64 " renewal %" PRId64 "\n", credentials.expires - now,
                   renewal - now);
    } else {
        puts(reason.text);
    }
    credentials_free(&credentials);
    profile_free(&profile);
    return found ? 0 : 1;
}
