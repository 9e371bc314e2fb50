#include "config.h"

#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

/* OpenSSL 3.0 that had no memory to begin with crashes at the first look-up of an algorithm. */
static bool has_begun(void)
{
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
    return OSSL_LIB_CTX_get0_global_default() != NULL;
#else
    return true;
#endif
}

bool digest_sha256(struct span bytes, unsigned char digest[DIGEST_SIZE])
{
    /* One context for the whole run, which keeps its algorithm: to look it up takes as long as to
     * digest half a KB. */
    static EVP_MD_CTX *context;
    static bool named;
    if (context == NULL && (!has_begun() || (context = EVP_MD_CTX_new()) == NULL))
        return false;
    named = EVP_DigestInit_ex(context, named ? NULL : EVP_sha256(), NULL) == 1;
    return named && EVP_DigestUpdate(context, bytes.at, bytes.len) == 1 &&
           EVP_DigestFinal_ex(context, digest, NULL) == 1;
}

bool digest_md5(struct span bytes, unsigned char digest[DIGEST_MD5_SIZE])
{
    return has_begun() && EVP_Digest(bytes.at, bytes.len, digest, NULL, EVP_md5(), NULL) == 1;
}

bool digest_hmac_sha1(struct span key, struct span text, unsigned char digest[DIGEST_HMAC_SIZE])
{
    return has_begun() && HMAC(EVP_sha1(), key.at, (int)key.len, (const unsigned char *)text.at,
                               text.len, digest, NULL) != NULL;
}

static inline char hex_digit(unsigned value)
{
    return (char)(value + (value < 10 ? '0' : 'a' - 10));
}

/* Without a table, so that the compiler does many at once. */
void digest_hex(const unsigned char *restrict bytes, size_t count, char *restrict hex)
{
    for (size_t i = 0; i < count; i++) {
        hex[2 * i] = hex_digit(bytes[i] >> 4);
        hex[2 * i + 1] = hex_digit(bytes[i] & 15);
    }
}

/* Without a branch a digit: which ones come is random, and a wrong guess takes longer than ten. */
bool digest_unhex(struct span hex, uint64_t *number)
{
    unsigned bad = hex.len > 16;
    *number = 0;
    for (size_t i = 0; i < hex.len; i++) {
        unsigned c = (unsigned char)hex.at[i], digit = c - '0', letter = c - 'a';
        unsigned is_digit = digit < 10, is_letter = letter < 6;
        bad |= !(is_digit | is_letter);
        *number = *number << 4 | ((digit & -is_digit) + ((letter + 10) & -is_letter));
    }
    return !bad;
}
