/* json_block_avx512: json_block.h's masks with AVX-512, for functions that are compiled for it.
 *
 * Internal to the json modules.  A function that calls these is marked JSON_AVX512, and is called
 * only where json_has_avx512() says so.  JSON_BLOCK_AVX512 is defined where there is such a
 * version.
 */
#ifndef JSON_BLOCK_AVX512_H
#define JSON_BLOCK_AVX512_H

#include "json/json_block_avx2.h"

#if defined(JSON_BLOCK_AVX2) && !defined(JSON_NO_AVX512)

#define JSON_BLOCK_AVX512
#define JSON_AVX512 __attribute__((target("avx2,bmi,popcnt,pclmul,avx512f,avx512bw,avx512vbmi2")))

/* Whether this processor, and the system, have what JSON_AVX512 functions need. */
static inline bool json_has_avx512(void)
{
    return json_has_avx2() && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi2");
}

/* The bytes that equal the table's entry for their low four bits.  A byte from 0x80 takes 0, which
 * it is not. */
JSON_AVX512 static inline uint64_t json_avx512_in_table(__m512i v, __m128i table)
{
    return _mm512_cmpeq_epi8_mask(_mm512_shuffle_epi8(_mm512_broadcast_i32x4(table), v), v);
}

/* As json_avx2_read(), which says how. */
JSON_AVX512 static inline struct json_block json_avx512_read(const unsigned char *at)
{
    __m512i v = _mm512_loadu_si512(at);
    struct json_block b = {
        .quote = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"')),
        .backslash = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\')),
        .structure =
            json_avx512_in_table(_mm512_or_si512(v, _mm512_set1_epi8(0x20)), json_avx2_marks()),
        .space = json_avx512_in_table(v, json_avx2_blanks()),
        .control = _mm512_cmple_epu8_mask(v, _mm512_set1_epi8(0x1f)),
        .high = _mm512_movepi8_mask(v),
    };
    b.structure &= ~b.control;
    return b;
}

JSON_AVX512 static inline void json_avx512_put(uint32_t *out, __m128i numbers, __m512i offset)
{
    _mm512_storeu_si512(out, _mm512_add_epi32(_mm512_cvtepu8_epi32(numbers), offset));
}

/* Writes the numbers of the set bits, plus offset each, 16 at a time, needed or not. */
JSON_AVX512 static inline void json_avx512_list(uint64_t mask, unsigned count, uint32_t offset,
                                                uint32_t *out)
{
    const __m512i numbers = _mm512_set_epi64(
        0x3f3e3d3c3b3a3938, 0x3736353433323130, 0x2f2e2d2c2b2a2928, 0x2726252423222120,
        0x1f1e1d1c1b1a1918, 0x1716151413121110, 0x0f0e0d0c0b0a0908, 0x0706050403020100);
    __m512i bits = _mm512_maskz_compress_epi8(mask, numbers), from = _mm512_set1_epi32((int)offset);
    json_avx512_put(out, _mm512_castsi512_si128(bits), from);
    if (count <= 16)
        return;
    json_avx512_put(out + 16, _mm512_extracti32x4_epi32(bits, 1), from);
    if (count <= 32)
        return;
    json_avx512_put(out + 32, _mm512_extracti32x4_epi32(bits, 2), from);
    json_avx512_put(out + 48, _mm512_extracti32x4_epi32(bits, 3), from);
}

#endif
#endif
