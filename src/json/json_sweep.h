/* json_sweep: a fast scan of a window of a JSON text, with AVX-512.
 *
 * Internal to json_index.c.  The sweep lists the tokens and notes whether there may be an error,
 * but not which and where: json_index.c then scans the window again, exactly.  A function that
 * calls these is marked JSON_AVX512, and may be called only if json_has_avx512().  JSON_SWEEP is
 * defined if there is such a version. */
#ifndef JSON_SWEEP_H
#define JSON_SWEEP_H

#include "json/json_block_avx2.h"

#if defined(JSON_BLOCK_AVX2) && !defined(JSON_NO_AVX512)

#define JSON_AVX512                                                                                \
    __attribute__((target("avx2,bmi,popcnt,pclmul,avx512f,avx512bw,avx512vbmi,avx512vbmi2")))
#define JSON_SWEEP JSON_AVX512 __attribute__((always_inline)) static inline

/* Whether this processor and the system support JSON_AVX512 functions. */
static inline bool json_has_avx512(void)
{
    return json_has_avx2() && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi") &&
           __builtin_cpu_supports("avx512vbmi2");
}

/* The classes of a byte, as bits. */
enum {
    SWEEP_MARK = 1,      /* { } [ ] : , */
    SWEEP_BLANK = 2,     /* white space */
    SWEEP_QUOTE = 4,     /* " */
    SWEEP_BACKSLASH = 8, /* \ */
    SWEEP_LETTER = 16,   /* after a backslash, it forms an escape of two bytes */
    SWEEP_HEX = 32,      /* a hexadecimal digit */
    SWEEP_CONTROL = 64,  /* below 0x20 */
    SWEEP_HIGH = 128,    /* 0x80 and above */
};

/* Each of these bits in every byte. */
struct json_sweep_bits {
    __m512i mark, limit, letter, high;
    __m512i quote, backslash; /* these bytes themselves */
};

/* The state that one block passes to the next, and the findings so far. */
struct json_sweep {
    struct json_sweep_bits bits;
    uint64_t escaped, string, scalar; /* as in struct json_index */
    uint64_t hex;                     /* the next block's bytes that must be hexadecimal digits */
    uint64_t high;                    /* 1 if the block's last byte is 0x80 or above */
    uint64_t wrong;                   /* not 0: an escape may be invalid */
    __m512i before;                   /* the block */
    __m512i inside, outside;          /* the classes found inside strings, and outside */
    __m512i utf8;                     /* not 0: this is not UTF-8 */
};

/* 64 times the same byte, in a register that is kept: otherwise the compiler would load it again
 * for each block. */
JSON_SWEEP __m512i json_sweep_all(int byte)
{
    __m512i v = _mm512_set1_epi8((char)byte);
    __asm__("" : "+v"(v));
    return v;
}

JSON_SWEEP struct json_sweep_bits json_sweep_bits(void)
{
    return (struct json_sweep_bits){
        .mark = json_sweep_all(SWEEP_MARK),
        .limit = json_sweep_all(SWEEP_MARK | SWEEP_BLANK | SWEEP_QUOTE),
        .quote = json_sweep_all('"'),
        .backslash = json_sweep_all('\\'),
        .letter = json_sweep_all(SWEEP_LETTER),
        .high = json_sweep_all(SWEEP_HIGH),
    };
}

/* The class of each byte of the block; `low` has those below 0x80. */
JSON_SWEEP __m512i json_sweep_class(const struct json_sweep *sweep, __m512i v, uint64_t low)
{
    enum {
        SPACE = SWEEP_CONTROL | SWEEP_BLANK,
        LETTER = SWEEP_LETTER,
    };
    static const _Alignas(JSON_BLOCK) unsigned char table[2][JSON_BLOCK] = {
        {[0 ... 8] = SWEEP_CONTROL,
         ['\t' ... '\n'] = SPACE,
         [0x0b ... 0x0c] = SWEEP_CONTROL,
         ['\r'] = SPACE,
         [0x0e ... 0x1f] = SWEEP_CONTROL,
         [' '] = SWEEP_BLANK,
         ['"'] = SWEEP_QUOTE | LETTER,
         [','] = SWEEP_MARK,
         ['/'] = LETTER,
         ['0' ... '9'] = SWEEP_HEX,
         [':'] = SWEEP_MARK},
        {['A' - 64 ... 'F' - 64] = SWEEP_HEX,
         ['[' - 64] = SWEEP_MARK,
         ['\\' - 64] = SWEEP_BACKSLASH | LETTER,
         [']' - 64] = SWEEP_MARK,
         ['a' - 64] = SWEEP_HEX,
         ['b' - 64] = SWEEP_HEX | LETTER,
         ['c' - 64 ... 'e' - 64] = SWEEP_HEX,
         ['f' - 64] = SWEEP_HEX | LETTER,
         ['n' - 64] = LETTER,
         ['r' - 64] = LETTER,
         ['t' - 64] = LETTER,
         ['{' - 64] = SWEEP_MARK,
         ['}' - 64] = SWEEP_MARK},
    };
    __m512i is = _mm512_maskz_permutex2var_epi8(low, _mm512_load_si512(table[0]), v,
                                                _mm512_load_si512(table[1]));
    return _mm512_or_si512(is, _mm512_and_si512(v, sweep->bits.high));
}

JSON_SWEEP uint64_t json_sweep_is(__m512i class, int what)
{
    return _mm512_test_epi8_mask(class, _mm512_set1_epi8((char)what));
}

/* Bytes that a backslash escapes, including the first one if *carry is 1, which is then set for the
 * next block.  In a run of backslashes and the byte after it, these are every other byte, from the
 * second. */
static inline uint64_t json_sweep_escaped(uint64_t backslash, uint64_t *carry)
{
    const uint64_t even = 0x5555555555555555;
    uint64_t first = *carry;
    backslash &= ~first;
    uint64_t follows = backslash << 1;
    uint64_t begin = backslash & ~follows;
    /* A run that begins at an even position, and the byte after it: the bits that change when 1 is
     * added there. */
    uint64_t even_run = (backslash + (begin & even)) ^ backslash;
    uint64_t escaped = follows & (even_run ^ even);
    *carry = (backslash & ~escaped) >> (JSON_BLOCK - 1);
    return escaped | first;
}

/* Checks the escapes that are longer than two bytes: `letter` has the bytes after their
 * backslashes. */
JSON_SWEEP void json_sweep_unicode(struct json_sweep *sweep, __m512i v, __m512i class,
                                   uint64_t letter)
{
    uint64_t u = letter & _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('u'));
    uint64_t hex = sweep->hex | u << 1 | u << 2 | u << 3 | u << 4;
    sweep->wrong |= (letter & ~u) | (hex & ~json_sweep_is(class, SWEEP_HEX));
    sweep->hex = u >> 60 | u >> 61 | u >> 62 | u >> 63;
}

/* The errors of two bytes of UTF-8 (RFC 3629 section 4) by the first one's high four bits, its low
 * four bits and the second one's high four bits: an error counts if all three have its bit. */
enum {
    UTF8_LONE = 1,       /* a byte from 0x80 to 0xbf follows ASCII */
    UTF8_SHORT = 2,      /* no such byte follows where one must */
    UTF8_LONG_2 = 4,     /* two bytes for a one-byte character: 0xc0, 0xc1 */
    UTF8_LONG_3 = 8,     /* three for a two-byte character: 0xe0 and below 0xa0 */
    UTF8_SURROGATE = 16, /* half of a UTF-16 pair: 0xed and from 0xa0 */
    UTF8_EIGHT = 32,     /* 0xf0 and below 0x90: four for a three-byte character; also from 0xf5 */
    UTF8_LARGE = 64,     /* 0xf4 and from 0x90: beyond U+10FFFF; also from 0xf5 */
    UTF8_FURTHER = 128,  /* both are from 0x80 to 0xbf: valid only as third or fourth byte */
};

JSON_SWEEP __m512i json_sweep_lookup(__m128i table, __m512i nibbles)
{
    return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(table), nibbles);
}

JSON_SWEEP __m512i json_sweep_first_high(__m512i nibbles)
{
    enum { ASCII = UTF8_LONE, FURTHER = UTF8_FURTHER - 256 };
    return json_sweep_lookup(_mm_setr_epi8(ASCII, ASCII, ASCII, ASCII, ASCII, ASCII, ASCII, ASCII,
                                           FURTHER, FURTHER, FURTHER, FURTHER,
                                           UTF8_SHORT | UTF8_LONG_2, UTF8_SHORT,
                                           UTF8_SHORT | UTF8_LONG_3 | UTF8_SURROGATE,
                                           UTF8_SHORT | UTF8_EIGHT | UTF8_LARGE),
                             nibbles);
}

JSON_SWEEP __m512i json_sweep_first_low(__m512i nibbles)
{
    enum {
        ANY = (UTF8_LONE | UTF8_SHORT | UTF8_FURTHER) - 256,
        FIVE = ANY | UTF8_EIGHT | UTF8_LARGE
    };
    return json_sweep_lookup(_mm_setr_epi8(ANY | UTF8_LONG_2 | UTF8_LONG_3 | UTF8_EIGHT,
                                           ANY | UTF8_LONG_2, ANY, ANY, ANY | UTF8_LARGE, FIVE,
                                           FIVE, FIVE, FIVE, FIVE, FIVE, FIVE, FIVE,
                                           FIVE | UTF8_SURROGATE, FIVE, FIVE),
                             nibbles);
}

JSON_SWEEP __m512i json_sweep_second(__m512i nibbles)
{
    enum {
        NONE = UTF8_SHORT,
        ANY = (UTF8_LONE | UTF8_LONG_2 | UTF8_FURTHER) - 256,
        FROM_A0 = ANY | UTF8_SURROGATE | UTF8_LARGE
    };
    return json_sweep_lookup(_mm_setr_epi8(NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
                                           ANY | UTF8_LONG_3 | UTF8_EIGHT,
                                           ANY | UTF8_LONG_3 | UTF8_LARGE, FROM_A0, FROM_A0, NONE,
                                           NONE, NONE, NONE),
                             nibbles);
}

JSON_SWEEP __m512i json_sweep_nibbles(__m512i v)
{
    return _mm512_and_si512(v, _mm512_set1_epi8(0x0f));
}

/* The numbers from 0 to 63, as bytes. */
JSON_SWEEP __m512i json_sweep_numbers(void)
{
    return _mm512_set_epi64(0x3f3e3d3c3b3a3938, 0x3736353433323130, 0x2f2e2d2c2b2a2928,
                            0x2726252423222120, 0x1f1e1d1c1b1a1918, 0x1716151413121110,
                            0x0f0e0d0c0b0a0908, 0x0706050403020100);
}

/* The bytes at `distance` before those of v. */
JSON_SWEEP __m512i json_sweep_back(__m512i before, __m512i v, int distance)
{
    __m512i from =
        _mm512_add_epi8(json_sweep_numbers(), _mm512_set1_epi8((char)(JSON_BLOCK - distance)));
    return _mm512_permutex2var_epi8(before, from, v);
}

/* Not 0 if the block is not UTF-8; a sequence may be incomplete at its end.  Each byte is looked up
 * as the second after the one before.  It must be a continuation byte exactly if the byte two
 * before begins a sequence of three or four, or the byte three before one of four. */
JSON_SWEEP __m512i json_sweep_utf8(__m512i before, __m512i v)
{
    __m512i first = json_sweep_back(before, v, 1);
    __m512i wrong =
        _mm512_and_si512(json_sweep_first_high(json_sweep_nibbles(_mm512_srli_epi16(first, 4))),
                         json_sweep_first_low(json_sweep_nibbles(first)));
    wrong = _mm512_and_si512(wrong, json_sweep_second(json_sweep_nibbles(_mm512_srli_epi16(v, 4))));
    __m512i third = _mm512_subs_epu8(json_sweep_back(before, v, 2), _mm512_set1_epi8(0xe0 - 0x80));
    __m512i fourth = _mm512_subs_epu8(json_sweep_back(before, v, 3), _mm512_set1_epi8(0xf0 - 0x80));
    __m512i further = _mm512_and_si512(_mm512_or_si512(third, fourth), _mm512_set1_epi8(-0x80));
    return _mm512_xor_si512(wrong, further);
}

/* Bytes that a backslash escapes; checks the escapes. */
JSON_SWEEP uint64_t json_sweep_escapes(struct json_sweep *sweep, __m512i v, __m512i class,
                                       uint64_t backslash)
{
    uint64_t escaped = json_sweep_escaped(backslash, &sweep->escaped);
    uint64_t letter = escaped & ~_mm512_test_epi8_mask(class, sweep->bits.letter);
    if ((letter | sweep->hex) != 0)
        json_sweep_unicode(sweep, v, class, letter);
    return escaped;
}

/* The bytes of a block at which a token begins. */
JSON_SWEEP uint64_t json_sweep_block(struct json_sweep *sweep, __m512i v)
{
    uint64_t low = _mm512_testn_epi8_mask(v, sweep->bits.high);
    uint64_t quote = _mm512_cmpeq_epi8_mask(v, sweep->bits.quote);
    uint64_t backslash = _mm512_cmpeq_epi8_mask(v, sweep->bits.backslash);
    __m512i class = json_sweep_class(sweep, v, low);
    if ((backslash | sweep->escaped | sweep->hex) != 0)
        quote &= ~json_sweep_escapes(sweep, v, class, backslash);
    if ((~low | sweep->high) != 0)
        sweep->utf8 = _mm512_or_si512(sweep->utf8, json_sweep_utf8(sweep->before, v));
    sweep->high = ~low >> (JSON_BLOCK - 1);
    sweep->before = v;

    uint64_t string = json_avx2_between(quote) ^ sweep->string;
    sweep->string = (uint64_t)((int64_t)string >> (JSON_BLOCK - 1));
    __m512i in = _mm512_movm_epi8(string);
    sweep->inside = _mm512_or_si512(sweep->inside, _mm512_and_si512(class, in));
    sweep->outside = _mm512_or_si512(sweep->outside, _mm512_andnot_si512(in, class));
    uint64_t scalar = ~(_mm512_test_epi8_mask(class, sweep->bits.limit) | string);
    uint64_t begin = scalar & ~(scalar << 1 | sweep->scalar);
    sweep->scalar = scalar >> (JSON_BLOCK - 1);
    return (_mm512_test_epi8_mask(class, sweep->bits.mark) & ~string) | (quote & string) | begin;
}

/* Whether there may be an error, other than a sequence or an escape that is incomplete at the
 * end. */
JSON_SWEEP bool json_sweep_doubts(const struct json_sweep *sweep)
{
    uint64_t inside = json_sweep_is(sweep->inside, SWEEP_CONTROL);
    uint64_t outside = json_sweep_is(sweep->outside, SWEEP_BACKSLASH | SWEEP_HIGH);
    uint64_t utf8 = _mm512_test_epi8_mask(sweep->utf8, sweep->utf8);
    return (sweep->wrong | inside | outside | utf8) != 0;
}

/* Writes 16 tokens, needed or not: their numbers plus offset. */
JSON_SWEEP void json_sweep_put(__m128i numbers, __m512i offset, uint32_t *token)
{
    _mm512_storeu_si512(token, _mm512_add_epi32(_mm512_cvtepu8_epi32(numbers), offset));
}

/* Lists the tokens of a mask: the number of each set bit plus offset.  Returns the number of
 * tokens. */
JSON_SWEEP unsigned json_sweep_list(uint64_t mask, __m512i offset, uint32_t *token)
{
    __m512i n = _mm512_maskz_compress_epi8(mask, json_sweep_numbers());
    unsigned count = (unsigned)_mm_popcnt_u64(mask);
    json_sweep_put(_mm512_castsi512_si128(n), offset, token);
    if (count <= 16)
        return count;
    json_sweep_put(_mm512_extracti32x4_epi32(n, 1), offset, token + 16);
    if (count <= 32)
        return count;
    json_sweep_put(_mm512_extracti32x4_epi32(n, 2), offset, token + 32);
    json_sweep_put(_mm512_extracti32x4_epi32(n, 3), offset, token + 48);
    return count;
}

#endif
#endif
