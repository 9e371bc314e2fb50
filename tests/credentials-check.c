/* credentials-check: prints the credentials that a keyring finds, one part a line, or its reason,
 * status 1.  With an operand: as with --profile. */
#include "config.h"

#include "s3/keyring.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static void print(const char *name, const char *value)
{
    printf("%s %s\n", name, value != NULL ? value : "-");
}

static void print_found(const struct keyring *keyring)
{
    static const char *const source[] = {"environment", "profile", "container", "instance"};
    const struct credentials *found = &keyring->credentials;
    int64_t now = (int64_t)time(NULL);
    print("source", source[found->source]);
    print("access", found->access_key);
    print("secret", found->secret_key);
    print("token", found->token);
    print("region", credentials_region(&keyring->profile));
    if (found->expires != INT64_MAX)
        printf("expires %" PRId64 " renewal %" PRId64 "\n", found->expires - now,
               credentials_renewal(found, now) - now);
}

int main(int argc, char **argv)
{
    static struct http http;
    static const struct http_options options = {.timeout = 60 * 1000000LL, .parallel = 1};
    struct keyring keyring;
    struct reason reason;
    enum keyring_state state = KEYRING_EMPTY;
    if (!http_begin(&http, &options))
        return 2;
    if (keyring_begin(&keyring, argc > 1 ? argv[1] : NULL, &reason) &&
        keyring_find(&keyring, &reason))
        while ((state = keyring_ready(&keyring, &http, &reason)) == KEYRING_WAITS) {
            http_wait(&http, -1, -1, 1000000);
            http_run(&http);
        }
    if (state == KEYRING_READY)
        print_found(&keyring);
    else
        puts(reason.text);
    http_end(&http);
    keyring_end(&keyring);
    return state == KEYRING_READY ? 0 : 1;
}
