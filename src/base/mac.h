/* mac: a keyed checksum of a line and its number, for two programs that share a key for a while.
 *
 * UMAC-64 (RFC 4418), through nettle: the number of the line is the nonce.  It takes a fifth of the
 * time of SHA-256, and who does not know the key cannot make two lines with one checksum, which
 * with 64 bits of a SHA-256 takes minutes.
 */
#ifndef MAC_H
#define MAC_H

#include "base/span.h"

#include <nettle/umac.h>
#include <stdint.h>

enum { MAC_KEY_HEX = 2 * UMAC_KEY_SIZE }; /* digits of a key as text */

struct mac {
    struct umac64_ctx context;
};

/* Makes a key, as lower-case hexadecimal digits and a NUL.  False with errno set: the system has no
 * random bytes. */
bool mac_new_key(char key[MAC_KEY_HEX + 1]);

/* Begins with that key.  False: it is not MAC_KEY_HEX hexadecimal digits. */
bool mac_begin(struct mac *mac, const char *key);

/* The checksum of the line with that number. */
uint64_t mac_of(struct mac *mac, uint64_t number, struct span line);

#endif
