/* json_scalar: the numbers and the literals of JSON (RFC 8259 sections 3 and 6).
 *
 * Internal to the json modules.  `end` is one past the text's last byte.
 */
#ifndef JSON_SCALAR_H
#define JSON_SCALAR_H

#include "base/span.h"
#include "json/json_block.h"
#include "json/json_error.h"
#include "json/json_word.h"

/* Whether a number or a literal may end before `at`. */
static inline bool json_scalar_ends(const unsigned char *at, const unsigned char *end)
{
    if (at == end)
        return true;
    switch (*at) {
    case ',':
    case '}':
    case ']':
    case ' ':
    case '\n':
    case '\t':
    case '\r':
    case '{':
    case '[':
    case ':':
    case '"': /* wrong there, which the grammar notices */
        return true;
    default:
        return false;
    }
}

static inline bool json_is_digit(const unsigned char *at, const unsigned char *end)
{
    return at < end && (unsigned char)(*at - '0') <= 9;
}

#if JSON_BLOCK_FAST
enum { JSON_VECTOR = 16 };

/* Which of 16 bytes are digits; the first is bit 0. */
static inline unsigned json_digits16(const unsigned char *at)
{
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i value = _mm_sub_epi8(v, _mm_set1_epi8('0'));
    return (unsigned)_mm_movemask_epi8(
        _mm_cmpeq_epi8(_mm_min_epu8(value, _mm_set1_epi8(9)), value));
}
#endif

/* One past the digits at `at`.  Many at a time: most numbers have about as many, and their lengths
 * vary, so that a loop over bytes would be mispredicted. */
static inline const unsigned char *json_digits_past(const unsigned char *at,
                                                    const unsigned char *end)
{
#if JSON_BLOCK_FAST
    for (; end - at >= 2 * JSON_VECTOR; at += 2 * JSON_VECTOR) {
        unsigned digits = json_digits16(at) | json_digits16(at + JSON_VECTOR) << JSON_VECTOR;
        if (~digits != 0)
            return at + __builtin_ctz(~digits);
    }
#endif
    for (; end - at >= JSON_WORD; at += JSON_WORD) {
        uint64_t other = json_word_no_digit(json_word_read(at));
        if (other != 0)
            return at + __builtin_ctzll(other) / 8;
    }
    while (json_is_digit(at, end))
        at++;
    return at;
}

/* One past the integer at `at` if it has at most seven digits and a usual end; NULL: it may still
 * be a number. */
static inline const unsigned char *json_integer_past(const unsigned char *at,
                                                     const unsigned char *end)
{
    if (end - at < JSON_WORD)
        return NULL;
    uint64_t other = json_word_no_digit(json_word_read(at));
    if (other == 0)
        return NULL;
    unsigned digits = (unsigned)__builtin_ctzll(other) / 8;
    bool good = digits == 1 || (digits > 1 && *at != '0');
    return good && (at[digits] == ',' || at[digits] == '}') ? at + digits : NULL;
}

/* One past the number at `at`, NULL with *code set if it is not a number (RFC 8259 section 6). */
static inline const unsigned char *json_number_past(const unsigned char *at,
                                                    const unsigned char *end, enum json_code *code)
{
    const unsigned char *p = at;
    *code = JSON_ERROR_NUMBER;
    if (*p == '-')
        p++;
    if (!json_is_digit(p, end))
        return NULL;
    if (*p == '0' && json_is_digit(p + 1, end)) {
        *code = JSON_ERROR_ZERO;
        return NULL;
    }
    p = json_digits_past(p, end);
    if (p < end && *p == '.') {
        p++;
        if (!json_is_digit(p, end))
            return NULL;
        p = json_digits_past(p, end);
    }
    if (p < end && (*p | 0x20) == 'e') {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        if (!json_is_digit(p, end))
            return NULL;
        p = json_digits_past(p, end);
    }
    return json_scalar_ends(p, end) ? p : NULL;
}

/* One past the literal (true, false, null) at `at` if it is this one, else NULL. */
static inline const unsigned char *json_literal_past(const unsigned char *at,
                                                     const unsigned char *end, struct span literal)
{
    if ((size_t)(end - at) < literal.len || memcmp(at, literal.at, literal.len) != 0)
        return NULL;
    return json_scalar_ends(at + literal.len, end) ? at + literal.len : NULL;
}

#endif
