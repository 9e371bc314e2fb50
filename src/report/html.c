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

/* The character that the text begins with, and its length; a byte that begins none is U+FFFD. */
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

/* What replaces a character; NULL: it stays. */
static const char *replacement(uint32_t c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return is_allowed(c) ? NULL : "\ufffd";
    }
}

void html_text(struct out *out, struct span text)
{
    const char *from = text.at;
    while (text.len > 0) {
        size_t len = 1;
        unsigned char byte = (unsigned char)*text.at;
        uint32_t c = byte < 0x80 ? byte : first_character(text, &len);
        const char *instead = c == 0xfffd && len == 1 ? "\ufffd" : replacement(c);
        if (instead != NULL) {
            out_write(out, span_between(from, text.at));
            out_text(out, instead);
            from = text.at + len;
        }
        text.at += len;
        text.len -= len;
    }
    out_write(out, span_between(from, text.at));
}

void html_name(struct out *out, struct span text)
{
    out_text(out, "<bdi>");
    html_text(out, text);
    out_text(out, "</bdi>");
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
