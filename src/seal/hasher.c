#include "config.h"

#include "seal/hasher.h"

#include <openssl/crypto.h>

bool hasher_begin(struct hasher *hasher)
{
    *hasher = (struct hasher){.pairs = sha256_pair_able()};
    /* OpenSSL 3.0 crashes at the first lookup of an algorithm if it had no memory to initialize
     * itself. */
    if (OSSL_LIB_CTX_get0_global_default() == NULL)
        return false;
    hasher->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    hasher->context = EVP_MD_CTX_new();
    if (hasher->algorithm != NULL && hasher->context != NULL &&
        EVP_DigestInit_ex2(hasher->context, hasher->algorithm, NULL) == 1)
        return true;
    hasher_end(hasher);
    return false;
}

bool hasher_start(struct hasher *hasher)
{
    return EVP_DigestInit_ex2(hasher->context, NULL, NULL) == 1;
}

bool hasher_add(struct hasher *hasher, struct span bytes)
{
    return EVP_DigestUpdate(hasher->context, bytes.at, bytes.len) == 1;
}

bool hasher_finish(struct hasher *hasher, unsigned char digest[DIGEST_SIZE])
{
    return EVP_DigestFinal_ex(hasher->context, digest, NULL) == 1;
}

bool hasher_digest(struct hasher *hasher, struct span bytes, unsigned char digest[DIGEST_SIZE])
{
    return hasher_digest_all(hasher, &(struct sha256_text){bytes, digest}, 1);
}

bool hasher_digest_all(struct hasher *hasher, const struct sha256_text *text, size_t count)
{
    if (hasher->pairs) {
        sha256_pair(text, count);
        return true;
    }
    for (size_t i = 0; i < count; i++)
        if (!hasher_start(hasher) || !hasher_add(hasher, text[i].bytes) ||
            !hasher_finish(hasher, text[i].digest))
            return false;
    return true;
}

void hasher_end(struct hasher *hasher)
{
    EVP_MD_CTX_free(hasher->context);
    EVP_MD_free(hasher->algorithm);
    *hasher = (struct hasher){0};
}
