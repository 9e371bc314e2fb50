#include "config.h"

#include "json/json_block.h"
#include "json/json_string.h"
#include "json/json_word.h"

#include <stdint.h>

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    return (byte | 0x20) - 'a' + 10;
}

/* The four hex digits at `at`. */
static uint32_t hex4(const char *at)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++)
        value = value << 4 | (uint32_t)hex_digit(at[i]);
    return value;
}

/* Writes the code point as UTF-8 (RFC 3629 section 3); returns its length, 1 to 4. */
static size_t put_utf8(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[5] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = len - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(lead[len] | c);
    return len;
}

/* Decodes the escape at *at (its backslash) and moves past it.  0: half of a UTF-16 pair. */
static size_t decode_escape(const char **at, const char *end, char out[4])
{
    static const char letter[] = "\"\\/bfnrt", meaning[] = "\"\\/\b\f\n\r\t";
    const char *p = *at + 1;
    if (*p != 'u') {
        out[0] = meaning[strchr(letter, *p) - letter];
        *at = p + 1;
        return 1;
    }
    uint32_t c = hex4(p + 1);
    *at = p + 5;
    if (c < 0xd800 || c > 0xdfff)
        return put_utf8(c, out);
    if (c > 0xdbff || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
        return 0;
    uint32_t low = hex4(*at + 2);
    if (low < 0xdc00 || low > 0xdfff)
        return 0;
    *at += 6;
    return put_utf8(0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00), out);
}

bool json_string_decode(struct span content, char *out, size_t size, size_t *len)
{
    const char *at = content.at, *end = span_end(content);
    size_t written = 0;
    while (at < end) {
        const char *escape = memchr(at, '\\', (size_t)(end - at));
        size_t plain = (size_t)((escape != NULL ? escape : end) - at);
        if (plain > size - written)
            return false;
        memcpy(out + written, at, plain);
        written += plain;
        at += plain;
        if (escape == NULL)
            break;
        char bytes[4];
        size_t n = decode_escape(&at, end, bytes);
        if (n == 0 || n > size - written)
            return false;
        memcpy(out + written, bytes, n);
        written += n;
    }
    *len = written;
    return true;
}

/* The escape of each byte that needs one: 'u' for \u00XX. */
static const char escape_of[256] = {
    ['"'] = '"',  ['\\'] = '\\', [0] = 'u',  [1] = 'u',    [2] = 'u',    [3] = 'u',    [4] = 'u',
    [5] = 'u',    [6] = 'u',     [7] = 'u',  ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', [11] = 'u',
    ['\f'] = 'f', ['\r'] = 'r',  [14] = 'u', [15] = 'u',   [16] = 'u',   [17] = 'u',   [18] = 'u',
    [19] = 'u',   [20] = 'u',    [21] = 'u', [22] = 'u',   [23] = 'u',   [24] = 'u',   [25] = 'u',
    [26] = 'u',   [27] = 'u',    [28] = 'u', [29] = 'u',   [30] = 'u',   [31] = 'u',
};

/* Copies a run of at most JSON_BLOCK bytes: always 32, which nearly every run fits into, so that no
 * branch depends on its length.  Up to 31 bytes beyond the run are read and written, too. */
enum { COPY_STEP = 32 };
static inline void copy_run(const char *at, size_t len, char *to)
{
    memcpy(to, at, COPY_STEP);
    if (len > COPY_STEP)
        memcpy(to + COPY_STEP, at + COPY_STEP, COPY_STEP);
}

static inline char *put_escape(unsigned char byte, char *to)
{
    static const char hex[] = "0123456789abcdef";
    char escape = escape_of[byte];
    *to++ = '\\';
    *to++ = escape;
    if (escape == 'u') {
        *to++ = '0';
        *to++ = '0';
        *to++ = hex[byte >> 4];
        *to++ = hex[byte & 15];
    }
    return to;
}

/* Whether one of the eight bytes must be escaped. */
static inline bool has_escaped(uint64_t word)
{
    return (json_word_control(word) | json_word_equal(word, '"') | json_word_equal(word, '\\')) !=
           0;
}

size_t json_string_encode(struct span *text, char *out, size_t size)
{
    const char *at = text->at, *end = span_end(*text);
    char *to = out, *full = out + size - 6; /* leaves room for the longest escape */
    enum {
        LONGEST = 6 * JSON_BLOCK + COPY_STEP
    }; /* the maximum output for a block, and one copy */
    while (JSON_BLOCK_FAST && end - at >= JSON_BLOCK + COPY_STEP && out + size - to >= LONGEST) {
        struct json_block block = json_block_read((const unsigned char *)at);
        uint64_t escaped = block.quote | block.backslash | block.control;
        unsigned from = 0;
        for (; escaped != 0; escaped &= escaped - 1) {
            unsigned next = json_block_first(escaped);
            copy_run(at + from, next - from, to);
            to = put_escape((unsigned char)at[next], to + (next - from));
            from = next + 1;
        }
        copy_run(at + from, JSON_BLOCK - from, to);
        to += JSON_BLOCK - from;
        at += JSON_BLOCK;
    }
    while (at < end && to <= full) {
        if (end - at >= JSON_WORD && full - to >= JSON_WORD &&
            !has_escaped(json_word_read((const unsigned char *)at))) {
            memcpy(to, at, JSON_WORD);
            at += JSON_WORD;
            to += JSON_WORD;
            continue;
        }
        unsigned char byte = (unsigned char)*at++;
        if (escape_of[byte] == 0)
            *to++ = (char)byte;
        else
            to = put_escape(byte, to);
    }
    *text = span_between(at, end);
    return (size_t)(to - out);
}
