#include "config.h"

#include "base/redact.h"

#include <stdlib.h>

enum {
    SHORT_SECRET = 4, /* shorter ones are found only as whole words */
    LEAST_CORE = 8,   /* significant characters of base64, at least */
    ESCAPE_MOST = 8,  /* bytes of the longest escape */
    LEAST_PREFIX = 6, /* bytes at a text's end that count as the beginning of a secret */
};

/* One spelling to search for, in each of the ways to escape it. */
struct needle {
    struct needle *next;
    size_t len;
    char bytes[];
};

static struct needle *needles;

void redact_clear(void)
{
    for (struct needle *next; needles != NULL; needles = next) {
        next = needles->next;
        explicit_bzero(needles->bytes, needles->len);
        free(needles);
    }
}

static bool is_known(struct span bytes)
{
    for (const struct needle *needle = needles; needle != NULL; needle = needle->next)
        if (span_equal((struct span){needle->bytes, needle->len}, bytes))
            return true;
    return false;
}

static bool add(struct span bytes)
{
    static bool clears;
    if (bytes.len == 0 || is_known(bytes))
        return true;
    struct needle *needle = malloc(sizeof *needle + bytes.len);
    if (needle == NULL)
        return false;
    needle->len = bytes.len;
    memcpy(needle->bytes, bytes.at, bytes.len);
    needle->next = needles;
    needles = needle;
    clears = clears || atexit(redact_clear) == 0;
    return true;
}

/* The value of one hexadecimal digit, or -1. */
static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* The byte of two hexadecimal digits, or -1. */
static int hex_byte(const char *at, const char *end)
{
    if (end - at < 2 || digit(at[0]) < 0 || digit(at[1]) < 0)
        return -1;
    return digit(at[0]) * 16 + digit(at[1]);
}

/* Adds the percent-decoded secret, if that is different. */
static bool add_decoded(struct span secret)
{
    char *decoded = malloc(secret.len);
    size_t len = 0;
    if (decoded == NULL)
        return false;
    for (const char *at = secret.at, *end = span_end(secret); at < end;) {
        int byte = *at == '%' ? hex_byte(at + 1, end) : -1;
        decoded[len++] = byte >= 0 ? (char)byte : *at;
        at += byte >= 0 ? 3 : 1;
    }
    bool added = len == secret.len || add((struct span){decoded, len});
    explicit_bzero(decoded, secret.len);
    free(decoded);
    return added;
}

/* Writes base64 of the bytes after `skip` zero bytes, without padding; returns the number of
 * characters. */
static size_t base64(struct span bytes, size_t skip, const char *alphabet, char *to)
{
    size_t bits = 0, len = 0;
    unsigned held = 0;
    for (size_t i = 0; i < skip + bytes.len; i++) {
        held = held << 8 | (i < skip ? 0 : (unsigned char)bytes.at[i - skip]);
        for (bits += 8; bits >= 6; bits -= 6)
            to[len++] = alphabet[held >> (bits - 6) & 63];
        held &= (1u << bits) - 1;
    }
    if (bits > 0)
        to[len++] = alphabet[held << (6 - bits) & 63];
    return len;
}

/* Adds the secret in base64: whole, and as part of something longer, for each of the three possible
 * alignments, the characters that depend only on the secret. */
static bool add_base64(struct span secret, const char *alphabet)
{
    size_t size = (secret.len + 2) / 3 * 4 + 8;
    char *text = malloc(size);
    bool added = text != NULL;
    for (size_t skip = 0; added && skip < 3; skip++) {
        size_t len = base64(secret, skip, alphabet, text);
        size_t first = skip == 0 ? 0 : skip + 1, last = (skip + secret.len) * 8 / 6;
        if (skip == 0 && len >= SHORT_SECRET)
            added = add((struct span){text, len});
        if (added && last >= first + LEAST_CORE)
            added = add((struct span){text + first, last - first});
    }
    if (text != NULL)
        explicit_bzero(text, size);
    free(text);
    return added;
}

bool redact_add(struct span secret)
{
    return secret.len == 0 ||
           (add(secret) && add_decoded(secret) &&
            add_base64(secret,
                       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") &&
            add_base64(secret, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"));
}

/* The meaning of a character of the text. */
struct unit {
    char bytes[4];  /* in UTF-8 */
    size_t count;   /* 0: it is not an escape */
    size_t spelled; /* bytes of its spelling */
};

/* The unit of one code point. */
static struct unit unit_of(unsigned long c, size_t spelled)
{
    struct unit unit = {.spelled = spelled};
    if (c < 0x80) {
        unit.bytes[unit.count++] = (char)c;
    } else if (c < 0x800) {
        unit.bytes[unit.count++] = (char)(0xc0 | c >> 6);
        unit.bytes[unit.count++] = (char)(0x80 | (c & 63));
    } else if (c < 0x10000) {
        unit.bytes[unit.count++] = (char)(0xe0 | c >> 12);
        unit.bytes[unit.count++] = (char)(0x80 | (c >> 6 & 63));
        unit.bytes[unit.count++] = (char)(0x80 | (c & 63));
    }
    return unit;
}

/* Parses %NN and %25NN. */
static struct unit percent_unit(const char *at, const char *end)
{
    int byte = hex_byte(at + 1, end), inner = byte == '%' ? hex_byte(at + 3, end) : -1;
    if (inner >= 0)
        return (struct unit){{(char)inner}, 1, 5};
    return (struct unit){{(char)byte}, byte >= 0, 3};
}

/* Parses \" \\ \/ \uNNNN with any number of backslashes, and \xNN. */
static struct unit backslash_unit(const char *at, const char *end)
{
    const char *from = at;
    while (at < end && *at == '\\')
        at++;
    size_t run = (size_t)(at - from);
    if (at < end && (*at == '/' || *at == '"'))
        return (struct unit){{*at}, 1, run + 1};
    if (end - at >= 3 && *at == 'x' && hex_byte(at + 1, end) >= 0)
        return (struct unit){{(char)hex_byte(at + 1, end)}, 1, run + 3};
    if (end - at >= 5 && *at == 'u') {
        int high = hex_byte(at + 1, end), low = hex_byte(at + 3, end);
        if (high >= 0 && low >= 0)
            return unit_of((unsigned long)high << 8 | (unsigned long)low, run + 5);
    }
    return (struct unit){{'\\'}, run > 1, run};
}

static struct unit entity_unit(const char *at, const char *end)
{
    static const struct {
        struct span name;
        char byte;
    } names[] = {
        {SPAN_INIT("&amp;"), '&'},  {SPAN_INIT("&lt;"), '<'},    {SPAN_INIT("&gt;"), '>'},
        {SPAN_INIT("&quot;"), '"'}, {SPAN_INIT("&apos;"), '\''},
    };
    const char *from = at;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if ((size_t)(end - at) >= names[i].name.len &&
            memcmp(at, names[i].name.at, names[i].name.len) == 0)
            return (struct unit){{names[i].byte}, 1, names[i].name.len};
    if (end - at < 4 || at[1] != '#')
        return (struct unit){.count = 0};
    unsigned base = at[2] == 'x' || at[2] == 'X' ? 16 : 10;
    unsigned long number = 0;
    at += base == 16 ? 3 : 2;
    for (; at < end && digit(*at) >= 0 && digit(*at) < (int)base && number < 0x10000; at++)
        number = number * base + (unsigned)digit(*at);
    if (at == end || *at != ';')
        return (struct unit){.count = 0};
    return unit_of(number, (size_t)(at + 1 - from));
}

static struct unit unit_at(const char *at, const char *end)
{
    switch (*at) {
    case '%':
        return percent_unit(at, end);
    case '\\':
        return backslash_unit(at, end);
    case '&':
        return entity_unit(at, end);
    case '+':
        return (struct unit){{' '}, 1, 1};
    default:
        return (struct unit){.count = 0};
    }
}

/* The number of bytes at the text's beginning that spell the needle, 0 for none.  `escaped`: a
 * character that may be an escape is first read as one, then literally. */
static size_t spelling(struct span text, const struct needle *needle, bool escaped)
{
    const char *at = text.at, *end = span_end(text);
    size_t done = 0;
    while (at < end && done < needle->len) {
        struct unit unit = unit_at(at, end);
        bool fits = unit.count > 0 && unit.count <= needle->len - done &&
                    memcmp(unit.bytes, needle->bytes + done, unit.count) == 0;
        bool same = *at == needle->bytes[done];
        if (!fits && !same)
            break;
        if (!same || (fits && escaped)) {
            at += unit.spelled;
            done += unit.count;
        } else {
            at++;
            done++;
        }
    }
    if (done == needle->len)
        return (size_t)(at - text.at);
    bool truncated = at == end || (end - at < ESCAPE_MOST && memchr("%\\&", *at, 3) != NULL);
    return truncated && done >= LEAST_PREFIX ? text.len : 0;
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* The longest spelling of any secret at this position in the text; 0 for none. */
static size_t longest_at(struct span text, const char *at)
{
    size_t longest = 0;
    const char *end = span_end(text);
    for (const struct needle *needle = needles; needle != NULL; needle = needle->next)
        for (int escaped = 0; escaped < 2; escaped++) {
            size_t len = spelling(span_between(at, end), needle, escaped);
            bool word =
                (at == text.at || !is_word(at[-1])) && (at + len == end || !is_word(at[len]));
            if (len > longest && (needle->len >= SHORT_SECRET || word))
                longest = len;
        }
    return longest;
}

bool redact_find(struct span text, struct span *found)
{
    if (needles == NULL)
        return false;
    for (const char *at = text.at; at < span_end(text); at++) {
        size_t len = longest_at(text, at);
        if (len == 0)
            continue;
        *found = (struct span){at, len};
        return true;
    }
    return false;
}

static size_t put(struct span bytes, char *to, size_t used, size_t size)
{
    size_t len = bytes.len < size - used ? bytes.len : size - used;
    memcpy(to + used, bytes.at, len);
    return used + len;
}

size_t redact_copy(struct span text, char *to, size_t size)
{
    size_t used = 0;
    struct span found;
    while (redact_find(text, &found)) {
        used = put(span_between(text.at, found.at), to, used, size);
        used = put(SPAN(REDACTED), to, used, size);
        text = span_between(span_end(found), span_end(text));
    }
    return put(text, to, used, size);
}
