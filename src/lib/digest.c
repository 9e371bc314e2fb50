#include "digest.h"

#include <openssl/evp.h>

bool digest_sha256(struct span bytes, unsigned char digest[DIGEST_SIZE])
{
    /* One context for the whole run, which keeps its algorithm: to look it up takes as long as to
     * digest half a KB. */
    static EVP_MD_CTX *context;
    const EVP_MD *algorithm = NULL; /* the context's own */
    if (context == NULL) {
        context = EVP_MD_CTX_new();
        algorithm = EVP_sha256();
    }
    return context != NULL && EVP_DigestInit_ex(context, algorithm, NULL) == 1 &&
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
