#include "config.h"

#include "report/html.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void html_format(struct out *out, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (len > 0)
        out_write(out,
                  (struct span){text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1});
}

/* The first character of the text, and its length; a byte that does not begin one is U+FFFD. */
static uint32_t first_character(struct span text, size_t *len)
{
    const unsigned char *at = (const unsigned char *)text.at;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = at[0] < 0x80 ? 1 : at[0] >= 0xf0 && at[0] < 0xf8 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    uint32_t c = n == 1 ? at[0] : at[0] & (0xffu >> (n + 1));
    *len = 1;
    if (n > text.len || at[0] >= 0xf8 || (at[0] >= 0x80 && at[0] < 0xc2))
        return 0xfffd;
    for (size_t i = 1; i < n; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0xfffd;
        c = c << 6 | (at[i] & 0x3f);
    }
    if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0xfffd;
    *len = n;
    return c;
}

static bool is_allowed(uint32_t c)
{
    if (c < 0x20)
        return c == '\t' || c == '\n';
    return !(c >= 0x7f && c <= 0x9f) && !(c >= 0xfdd0 && c <= 0xfdef) && (c & 0xfffe) != 0xfffe;
}

/* The replacement of a character; NULL: it needs none. */
static const char *replacement(uint32_t c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"': /* in an attribute */
        return "&quot;";
    default:
        return is_allowed(c) ? NULL : "\ufffd";
    }
}

/* Whether the byte is a character that is never replaced. */
static inline bool is_plain(unsigned char byte, char quote)
{
    static const uint64_t ascii[4] = {
        ~(uint64_t)0xffffffff & ~((uint64_t)1 << '&' | (uint64_t)1 << '<' | (uint64_t)1 << '>'),
        ~((uint64_t)1 << (0x7f - 64)),
    };
    return (ascii[byte / 64] >> byte % 64 & 1) != 0 && byte != (unsigned char)quote;
}

/* Writes the text, in which `quote` must be replaced, too; '&' stands for no quote. */
static void put_text(struct out *out, struct span text, char quote)
{
    const char *from = text.at, *at = from, *end = span_end(text);
    while (at < end) {
        size_t len = 1;
        if (is_plain((unsigned char)*at, quote)) {
            at++;
            continue;
        }
        uint32_t c = first_character(span_between(at, end), &len);
        const char *instead = c == 0xfffd && len == 1 ? "\ufffd" : replacement(c);
        if (instead != NULL) {
            out_write(out, span_between(from, at));
            out_text(out, instead);
            from = at + len;
        }
        at += len;
    }
    out_write(out, span_between(from, end));
}

void html_text(struct out *out, struct span text)
{
    put_text(out, text, '&');
}

void html_attribute(struct out *out, struct span text)
{
    put_text(out, text, '"');
}

static bool is_ascii(struct span text)
{
    unsigned char all = 0;
    for (size_t i = 0; i < text.len; i++)
        all |= (unsigned char)text.at[i];
    return all < 0x80;
}

void html_name(struct out *out, struct span text)
{
    if (is_ascii(text)) {
        html_text(out, text);
        return;
    }
    out_text(out, "<bdi>");
    html_text(out, text);
    out_text(out, "</bdi>");
}

void html_address(struct out *out, struct span text)
{
    const char *at = memchr(text.at, '@', text.len);
    if (at == NULL || !is_ascii(text)) {
        html_name(out, text);
        return;
    }
    html_text(out, span_between(text.at, at + 1));
    out_text(out, "<wbr>");
    html_text(out, span_between(at + 1, span_end(text)));
}

void html_number(struct out *out, uint64_t number)
{
    char digits[24], text[32];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, number), to = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            text[to++] = ',';
        text[to++] = digits[i];
    }
    out_write(out, (struct span){text, (size_t)to});
}
