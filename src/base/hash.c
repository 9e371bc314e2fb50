#include "config.h"

#include "base/hash.h"

#include <string.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static unsigned char secret[XXH3_SECRET_SIZE_MIN];

/* Runs before main(), so that a hash needs no check in any thread.  Without random bytes, which
 * only a sandbox can refuse, the secret is the library's. */
__attribute__((constructor)) static void make_secret(void)
{
    if (getrandom(secret, sizeof secret, 0) != (ssize_t)sizeof secret)
        memcpy(secret, XXH3_kSecret, sizeof secret);
}

uint64_t hash_span(struct span text)
{
    return XXH3_64bits_withSecret(text.at, text.len, secret, sizeof secret);
}

uint64_t hash_number(uint64_t number)
{
    return hash_span((struct span){(const char *)&number, sizeof number});
}
