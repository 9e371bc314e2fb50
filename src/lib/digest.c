#include "digest.h"

#include <openssl/evp.h>

bool digest_sha256(struct span bytes, unsigned char digest[DIGEST_SIZE])
{
    /* One context, and one look-up of the algorithm, for the whole run. */
    static EVP_MD_CTX *context;
    if (context == NULL && (context = EVP_MD_CTX_new()) == NULL)
        return false;
    return EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
           EVP_DigestUpdate(context, bytes.at, bytes.len) == 1 &&
           EVP_DigestFinal_ex(context, digest, NULL) == 1;
}

void digest_hex(const unsigned char *bytes, size_t count, char *hex)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        *hex++ = digits[bytes[i] >> 4];
        *hex++ = digits[bytes[i] & 15];
    }
}
