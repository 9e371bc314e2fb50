/* json_block: 64 bytes of JSON text as bit masks, bit i for byte i.
 *
 * Internal to the json modules.  With SSE2 (every x86-64) the masks are made by byte comparisons;
 * the portable version uses words of eight bytes and makes the same masks on any architecture. */
#ifndef JSON_BLOCK_H
#define JSON_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__SSE2__) && !defined(JSON_PORTABLE)
#include <emmintrin.h>
#define JSON_BLOCK_FAST true
#else
#define JSON_BLOCK_FAST false /* slower than a loop over the bytes */
#include "json/json_word.h"
#endif

enum { JSON_BLOCK = 64 };

struct json_block {
    uint64_t quote;     /* '"' */
    uint64_t backslash; /* '\' */
    uint64_t structure; /* { } [ ] : , */
    uint64_t space;     /* blank, tab, line feed, carriage return (RFC 8259 section 2) */
    uint64_t control;   /* below 0x20 */
    uint64_t high;      /* 0x80 and above: part of a multi-byte UTF-8 sequence */
};

#if defined(__SSE2__) && !defined(JSON_PORTABLE)

/* Bit masks of four 16-byte compares, joined. */
static inline uint64_t json_block_join(__m128i a, __m128i b, __m128i c, __m128i d)
{
    return (uint64_t)(unsigned)_mm_movemask_epi8(a) |
           (uint64_t)(unsigned)_mm_movemask_epi8(b) << 16 |
           (uint64_t)(unsigned)_mm_movemask_epi8(c) << 32 |
           (uint64_t)(unsigned)_mm_movemask_epi8(d) << 48;
}

static inline uint64_t json_block_equal(const __m128i v[4], char byte)
{
    __m128i want = _mm_set1_epi8(byte);
    return json_block_join(_mm_cmpeq_epi8(v[0], want), _mm_cmpeq_epi8(v[1], want),
                           _mm_cmpeq_epi8(v[2], want), _mm_cmpeq_epi8(v[3], want));
}

/* '{' and '[', '}' and ']' differ only in bit 5. */
static inline __m128i json_block_structure(__m128i v)
{
    __m128i folded = _mm_or_si128(v, _mm_set1_epi8(0x20));
    __m128i brackets = _mm_or_si128(_mm_cmpeq_epi8(folded, _mm_set1_epi8('{')),
                                    _mm_cmpeq_epi8(folded, _mm_set1_epi8('}')));
    __m128i marks =
        _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(':')), _mm_cmpeq_epi8(v, _mm_set1_epi8(',')));
    return _mm_or_si128(brackets, marks);
}

static inline __m128i json_block_control(__m128i v)
{
    return _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
}

/* Backslashes, control characters and high bytes: most blocks have none. */
static inline __m128i json_block_rare(__m128i v)
{
    return _mm_or_si128(_mm_or_si128(v, json_block_control(v)),
                        _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
}

static inline struct json_block json_block_read(const unsigned char *at)
{
    __m128i v[4];
    for (int i = 0; i < 4; i++)
        v[i] = _mm_loadu_si128((const __m128i *)(const void *)(at + 16 * i));
    struct json_block b = {
        .quote = json_block_equal(v, '"'),
        .structure = json_block_join(json_block_structure(v[0]), json_block_structure(v[1]),
                                     json_block_structure(v[2]), json_block_structure(v[3])),
        .space = json_block_equal(v, ' '),
    };
    __m128i rare = _mm_or_si128(_mm_or_si128(json_block_rare(v[0]), json_block_rare(v[1])),
                                _mm_or_si128(json_block_rare(v[2]), json_block_rare(v[3])));
    if (_mm_movemask_epi8(rare) == 0)
        return b;
    b.backslash = json_block_equal(v, '\\');
    b.high = json_block_join(v[0], v[1], v[2], v[3]);
    b.control = json_block_join(json_block_control(v[0]), json_block_control(v[1]),
                                json_block_control(v[2]), json_block_control(v[3]));
    b.space |= json_block_equal(v, '\n') | json_block_equal(v, '\t') | json_block_equal(v, '\r');
    return b;
}

#else

/* '{' and '[', '}' and ']' differ only in bit 5. */
static inline uint64_t json_block_structure(uint64_t word)
{
    uint64_t folded = word | JSON_WORD_OF(0x20);
    return json_word_equal(folded, '{') | json_word_equal(folded, '}') |
           json_word_equal(word, ':') | json_word_equal(word, ',');
}

static inline uint64_t json_block_line_space(uint64_t word)
{
    return json_word_equal(word, '\n') | json_word_equal(word, '\t') | json_word_equal(word, '\r');
}

static inline struct json_block json_block_read(const unsigned char *at)
{
    struct json_block b = {0};
    uint64_t rare = 0; /* backslashes, control characters and high bytes: most blocks have none */
    for (unsigned i = 0; i < JSON_BLOCK; i += JSON_WORD) {
        uint64_t word = json_word_read(at + i);
        b.quote |= json_word_bits(json_word_equal(word, '"')) << i;
        b.structure |= json_word_bits(json_block_structure(word)) << i;
        b.space |= json_word_bits(json_word_equal(word, ' ')) << i;
        rare |= word | json_word_control(word) | json_word_equal(word, '\\');
    }
    if ((rare & JSON_WORD_OF(0x80)) == 0)
        return b;
    for (unsigned i = 0; i < JSON_BLOCK; i += JSON_WORD) {
        uint64_t word = json_word_read(at + i);
        b.backslash |= json_word_bits(json_word_equal(word, '\\')) << i;
        b.high |= json_word_bits(word & JSON_WORD_OF(0x80)) << i;
        b.control |= json_word_bits(json_word_control(word)) << i;
        b.space |= json_word_bits(json_block_line_space(word)) << i;
    }
    return b;
}

#endif

/* Bit i is the exclusive or of bits 0 to i: set from each opening quote up to its closing one. */
static inline uint64_t json_block_between(uint64_t quotes)
{
    quotes ^= quotes << 1;
    quotes ^= quotes << 2;
    quotes ^= quotes << 4;
    quotes ^= quotes << 8;
    quotes ^= quotes << 16;
    quotes ^= quotes << 32;
    return quotes;
}

/* The number of set bits.  Without an instruction for it, gcc's builtin is a function call. */
static inline unsigned json_block_count(uint64_t mask)
{
    mask -= mask >> 1 & 0x5555555555555555;
    mask = (mask & 0x3333333333333333) + (mask >> 2 & 0x3333333333333333);
    mask = (mask + (mask >> 4)) & 0x0f0f0f0f0f0f0f0f;
    return (unsigned)(mask * 0x0101010101010101 >> 56);
}

/* Number of the lowest set bit; mask must not be 0. */
static inline unsigned json_block_first(uint64_t mask)
{
    return (unsigned)__builtin_ctzll(mask);
}

#endif
