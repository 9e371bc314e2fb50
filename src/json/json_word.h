/* json_word: eight bytes of JSON text in a 64-bit number, the first byte lowest.
 *
 * Internal to the json modules.  Plain C that tests eight bytes at once, on any architecture; a
 * test returns the high bit of each byte that passes. */
#ifndef JSON_WORD_H
#define JSON_WORD_H

#include <stdint.h>
#include <string.h>

enum { JSON_WORD = 8 };

/* Eight times the same byte. */
#define JSON_WORD_OF(byte) ((uint64_t)0x0101010101010101 * (unsigned char)(byte))

static inline uint64_t json_word_read(const unsigned char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* Bytes that are 0. */
static inline uint64_t json_word_zero(uint64_t word)
{
    uint64_t low = JSON_WORD_OF(0x7f);
    return ~(((word & low) + low) | word | low);
}

static inline uint64_t json_word_equal(uint64_t word, unsigned char byte)
{
    return json_word_zero(word ^ JSON_WORD_OF(byte));
}

/* Bytes below 0x20. */
static inline uint64_t json_word_control(uint64_t word)
{
    return json_word_zero(word & JSON_WORD_OF(0xe0));
}

/* Bytes that are not an ASCII digit. */
static inline uint64_t json_word_no_digit(uint64_t word)
{
    /* A digit's high half is 3, and stays 3 when 6 is added. */
    uint64_t high = JSON_WORD_OF(0xf0), three = JSON_WORD_OF('0');
    uint64_t low = (word & ~high) + JSON_WORD_OF(6);
    return ~json_word_zero(((word ^ three) | low) & high) & JSON_WORD_OF(0x80);
}

/* The high bits of the eight bytes, as bits 0 to 7. */
static inline uint64_t json_word_bits(uint64_t word)
{
    return (word >> 7) * 0x0102040810204080 >> 56;
}

#endif
