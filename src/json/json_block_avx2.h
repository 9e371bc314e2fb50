/* json_block_avx2: json_block.h's masks with AVX2, for functions that are compiled for it.
 *
 * Internal to the json modules.  A function that calls these is marked JSON_AVX2, and may be called
 * only if json_has_avx2().  JSON_BLOCK_AVX2 is defined if there is such a version. */
#ifndef JSON_BLOCK_AVX2_H
#define JSON_BLOCK_AVX2_H

#include "json/json_block.h"

#if defined(__x86_64__) && !defined(JSON_PORTABLE) && !defined(JSON_NO_AVX2)
#include <immintrin.h>

#define JSON_BLOCK_AVX2
#define JSON_AVX2 __attribute__((target("avx2,bmi,popcnt,pclmul")))

/* Whether this processor and the system support JSON_AVX2 functions. */
static inline bool json_has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("pclmul");
}

JSON_AVX2 static inline uint64_t json_avx2_join(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high)
                                                     << 32;
}

JSON_AVX2 static inline uint64_t json_avx2_equal(__m256i low, __m256i high, char byte)
{
    __m256i want = _mm256_set1_epi8(byte);
    return json_avx2_join(_mm256_cmpeq_epi8(low, want), _mm256_cmpeq_epi8(high, want));
}

/* The bytes that equal the table's entry for their low four bits.  A byte of 0x80 or above gets 0,
 * which it does not equal. */
JSON_AVX2 static inline __m256i json_avx2_in_table(__m256i v, __m128i table)
{
    return _mm256_cmpeq_epi8(_mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), v), v);
}

/* White space, at the indices of its low four bits.  The other entries hold a byte with other low
 * four bits, which nothing equals. */
JSON_AVX2 static inline __m128i json_avx2_blanks(void)
{
    return _mm_setr_epi8(' ', 0, 0, 0, 0, 0, 0, 0, 0, '\t', '\n', 0, 0, '\r', 0, 0);
}

/* { } : , likewise. */
JSON_AVX2 static inline __m128i json_avx2_marks(void)
{
    return _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ':', '{', ',', '}', 0, 0);
}

/* Finds { } [ ] : , by their low four bits.  '{' and '[', '}' and ']' differ only in bit 5, which
 * the others have set; 0x0c and 0x1a become ',' and ':' when it is set, and are removed again as
 * control characters. */
JSON_AVX2 static inline __m256i json_avx2_structure(__m256i v)
{
    return json_avx2_in_table(_mm256_or_si256(v, _mm256_set1_epi8(0x20)), json_avx2_marks());
}

JSON_AVX2 static inline __m256i json_avx2_space(__m256i v)
{
    return json_avx2_in_table(v, json_avx2_blanks());
}

JSON_AVX2 static inline __m256i json_avx2_control(__m256i v)
{
    return _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1f)), v);
}

/* Backslashes, control characters and high bytes: most blocks have none. */
JSON_AVX2 static inline __m256i json_avx2_rare(__m256i v)
{
    return _mm256_or_si256(_mm256_or_si256(v, json_avx2_control(v)),
                           _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\')));
}

JSON_AVX2 static inline struct json_block json_avx2_read(const unsigned char *at)
{
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)at);
    __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(at + 32));
    struct json_block b = {
        .quote = json_avx2_equal(low, high, '"'),
        .structure = json_avx2_join(json_avx2_structure(low), json_avx2_structure(high)),
        .space = json_avx2_join(json_avx2_space(low), json_avx2_space(high)),
    };
    __m256i rare = _mm256_or_si256(json_avx2_rare(low), json_avx2_rare(high));
    if (_mm256_movemask_epi8(rare) == 0)
        return b;
    b.backslash = json_avx2_equal(low, high, '\\');
    b.high = json_avx2_join(low, high);
    b.control = json_avx2_join(json_avx2_control(low), json_avx2_control(high));
    b.structure &= ~b.control;
    return b;
}

/* json_block_between() with one carry-less multiplication. */
JSON_AVX2 static inline uint64_t json_avx2_between(uint64_t quotes)
{
    __m128i product =
        _mm_clmulepi64_si128(_mm_set_epi64x(0, (int64_t)quotes), _mm_set1_epi8(-1), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
}

#endif
#endif
