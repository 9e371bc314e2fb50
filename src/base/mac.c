#include "config.h"

#include "base/digest.h"
#include "base/mac.h"

#include <string.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

bool mac_new_key(char key[MAC_KEY_HEX + 1])
{
    unsigned char bytes[MAC_KEY];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return false;
    digest_hex(bytes, sizeof bytes, key);
    key[MAC_KEY_HEX] = '\0';
    return true;
}

bool mac_begin(struct mac *mac, const char *key)
{
    char bytes[MAC_KEY + 1];
    if (strlen(key) != MAC_KEY_HEX)
        return false;
    for (size_t i = 0; i < MAC_KEY; i++) {
        uint64_t byte;
        if (!digest_unhex((struct span){key + 2 * i, 2}, &byte))
            return false;
        bytes[i] = (char)byte;
    }
    for (size_t i = 0; i < MAC_SECRET / DIGEST_SIZE; i++) {
        bytes[MAC_KEY] = (char)i;
        digest_sha256((struct span){bytes, sizeof bytes}, mac->secret + i * DIGEST_SIZE);
    }
    return true;
}

uint64_t mac_of(const struct mac *mac, uint64_t number, struct span line)
{
    return XXH3_64bits_withSecret(line.at, line.len, mac->secret, sizeof mac->secret) + number;
}
