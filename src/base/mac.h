/* mac: a keyed checksum of a line and its number, for two programs that share a key for a while.
 *
 * 64-bit XXH3, of xxHash, whose secret is the SHA-256 of the key and a byte 0, of the key and a
 * byte 1, … and 5; the number is added.  It takes a twelfth of the time of SHA-256.
 *
 * Because of the random key nobody knows which lines have the same checksum, not even the author of
 * the lines.  It proves nothing about a program that has the key. */
#ifndef MAC_H
#define MAC_H

#include "base/span.h"

#include <stdint.h>

enum {
    MAC_KEY = 16,              /* bytes of a key … */
    MAC_KEY_HEX = 2 * MAC_KEY, /* … and its digits as text */
    MAC_SECRET = 192,
};

struct mac {
    unsigned char secret[MAC_SECRET];
};

/* Makes a key, as lower-case hexadecimal digits and a NUL.  False with errno set: the system has no
 * random bytes. */
bool mac_new_key(char key[MAC_KEY_HEX + 1]);

/* Begins with that key.  False: it is not MAC_KEY_HEX hexadecimal digits. */
bool mac_begin(struct mac *mac, const char *key);

/* The checksum of the line with that number. */
uint64_t mac_of(const struct mac *mac, uint64_t number, struct span line);

#endif
