#include "config.h"

#include "base/digest.h"

#include <nettle/base64.h>
#include <nettle/hmac.h>
#include <nettle/md5.h>
#include <nettle/sha2.h>

static const uint8_t *bytes_of(struct span span)
{
    return (const uint8_t *)span.at;
}

void digest_sha256(struct span bytes, unsigned char digest[DIGEST_SIZE])
{
    struct sha256_ctx context;
    sha256_init(&context);
    sha256_update(&context, bytes.len, bytes_of(bytes));
    sha256_digest(&context, DIGEST_SIZE, digest);
}

void digest_md5(struct span bytes, unsigned char digest[DIGEST_MD5_SIZE])
{
    struct md5_ctx context;
    md5_init(&context);
    md5_update(&context, bytes.len, bytes_of(bytes));
    md5_digest(&context, DIGEST_MD5_SIZE, digest);
}

void digest_hmac_sha1(struct span key, struct span text, unsigned char digest[DIGEST_HMAC_SIZE])
{
    struct hmac_sha1_ctx context;
    hmac_sha1_set_key(&context, key.len, bytes_of(key));
    hmac_sha1_update(&context, text.len, bytes_of(text));
    hmac_sha1_digest(&context, DIGEST_HMAC_SIZE, digest);
}

void digest_base64(const unsigned char *bytes, size_t count, char *base64)
{
    base64_encode_raw(base64, count, bytes);
    base64[DIGEST_BASE64(count)] = '\0';
}

static inline char hex_digit(unsigned value)
{
    return (char)(value + (value < 10 ? '0' : 'a' - 10));
}

/* Without a table, so that the compiler vectorizes the loop. */
void digest_hex(const unsigned char *restrict bytes, size_t count, char *restrict hex)
{
    for (size_t i = 0; i < count; i++) {
        hex[2 * i] = hex_digit(bytes[i] >> 4);
        hex[2 * i + 1] = hex_digit(bytes[i] & 15);
    }
}

/* Without a branch for each digit: the digits are random, and a misprediction takes longer than ten
 * of them. */
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
