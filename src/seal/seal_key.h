/* seal_key: the keys that sign seals and check signatures: Ed25519, ECDSA P-256 and RSA, in PEM.
 *
 * A signature is in the format of `openssl pkeyutl -verify -rawin` (Ed25519) and `openssl dgst
 * -sha256 -verify` (the others: ASN.1 for ECDSA, PKCS #1 v1.5 for RSA). */
#ifndef SEAL_KEY_H
#define SEAL_KEY_H

#include "base/diag.h"
#include "base/digest.h"

#include <openssl/evp.h>

enum { SEAL_SIGNATURE_MAX = 2048 }; /* bytes of the largest signature: RSA with 16,384 bits */

struct seal_key {
    EVP_PKEY *pkey;                   /* NULL: no key was read */
    char fingerprint[DIGEST_HEX + 1]; /* SHA-256 of the public key (DER SubjectPublicKeyInfo) */
};

/* Reads a private key; passphrase may be NULL.  False with a reason that names the file. */
bool seal_key_private(struct seal_key *key, const char *file, const char *passphrase,
                      struct reason *reason);

/* Reads a public key.  False with a reason that names the file. */
bool seal_key_public(struct seal_key *key, const char *file, struct reason *reason);

/* Signs the bytes.  False with a reason. */
bool seal_key_sign(const struct seal_key *key, struct span bytes,
                   unsigned char signature[SEAL_SIGNATURE_MAX], size_t *len, struct reason *reason);

enum seal_signature {
    SEAL_SIGNATURE_GOOD,
    SEAL_SIGNATURE_BAD,
    SEAL_SIGNATURE_UNKNOWN, /* not known: there is not enough memory */
};

/* Whether the signature is the key's for these bytes. */
enum seal_signature seal_key_verify(const struct seal_key *key, struct span bytes,
                                    struct span signature);

/* Makes an Ed25519 key: FILE (mode 0600, encrypted if there is a passphrase) and FILE.pub; then
 * reads it.  No existing file is overwritten.  False with a reason. */
bool seal_key_make(struct seal_key *key, const char *file, const char *passphrase,
                   struct reason *reason);

void seal_key_free(struct seal_key *key);

#endif
