#include "config.h"

#include "base/digest.h"
#include "base/mac.h"

#include <string.h>
#include <sys/random.h>

bool mac_new_key(char key[MAC_KEY_HEX + 1])
{
    unsigned char bytes[UMAC_KEY_SIZE];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return false;
    digest_hex(bytes, sizeof bytes, key);
    key[MAC_KEY_HEX] = '\0';
    return true;
}

bool mac_begin(struct mac *mac, const char *key)
{
    unsigned char bytes[UMAC_KEY_SIZE];
    if (strlen(key) != MAC_KEY_HEX)
        return false;
    for (size_t i = 0; i < sizeof bytes; i++) {
        uint64_t byte;
        if (!digest_unhex((struct span){key + 2 * i, 2}, &byte))
            return false;
        bytes[i] = (unsigned char)byte;
    }
    umac64_set_key(&mac->context, bytes);
    return true;
}

uint64_t mac_of(struct mac *mac, uint64_t number, struct span line)
{
    unsigned char nonce[8], sum[UMAC64_DIGEST_SIZE];
    uint64_t value = 0;
    for (size_t i = sizeof nonce; i-- > 0; number >>= 8)
        nonce[i] = (unsigned char)number;
    umac64_set_nonce(&mac->context, sizeof nonce, nonce);
    umac64_update(&mac->context, line.len, (const unsigned char *)line.at);
    umac64_digest(&mac->context, sizeof sum, sum);
    for (size_t i = 0; i < sizeof sum; i++)
        value = value << 8 | sum[i];
    return value;
}
