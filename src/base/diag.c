#include "config.h"

#include "base/diag.h"
#include "base/redact.h"
#include "base/write_all.h"

#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

static const char *program = "audit-filters";
static enum diag_status worst = STATUS_OK;
static void (*before)(void);

void diag_name(const char *name)
{
    program = name;
}

const char *diag_program(void)
{
    return program;
}

enum diag_status diag_raise(enum diag_status status)
{
    if (status > worst)
        worst = status;
    return worst;
}

enum diag_status diag_exit_status(void)
{
    return worst;
}

void diag_before(void (*call)(void))
{
    before = call;
}

/* Standard error is the last resort: if it fails, the error cannot be reported. */
static void write_line(struct span line)
{
    (void)write_all(STDERR_FILENO, line);
}

bool reason_set(struct reason *reason, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason->text, sizeof reason->text, format, arguments);
    va_end(arguments);
    return false;
}

/* The first character of the bytes, and its length; 0 if they are not UTF-8 (RFC 3629: overlong
 * forms and surrogates are not). */
static size_t character(struct span bytes, uint32_t *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *at = (const unsigned char *)bytes.at;
    size_t len = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    *c = at[0];
    if (at[0] < 0x80)
        return 1;
    if (at[0] < 0xc2 || at[0] > 0xf4 || len > bytes.len)
        return 0;
    *c = at[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        *c = *c << 6 | (at[i] & 0x3fu);
    }
    return *c >= least[len] && *c <= 0x10ffff && (*c < 0xd800 || *c > 0xdfff) ? len : 0;
}

/* Whether it may be sent to a terminal: not a control character of ASCII or ISO 8859-1, which may
 * move the cursor, and not a Unicode character that changes the direction of the text or ends a
 * line. */
static bool is_shown(uint32_t c)
{
    if (c < 0x20 || (c >= 0x7f && c < 0xa0))
        return false;
    return c != 0x61c && c != 0x200e && c != 0x200f && (c < 0x2028 || c > 0x202e) &&
           (c < 0x2066 || c > 0x2069);
}

/* Writes the next character, or each of its bytes as \xNN, 16 bytes at most; *to and *bytes move
 * on. */
static void put_printable(char **to, struct span *bytes)
{
    uint32_t c;
    size_t len = character(*bytes, &c);
    if (len > 0 && is_shown(c)) {
        memcpy(*to, bytes->at, len);
        *to += len;
    } else {
        len += len == 0;
        for (size_t i = 0; i < len; i++)
            *to += sprintf(*to, "\\x%02x", (unsigned char)bytes->at[i]);
    }
    *bytes = (struct span){bytes->at + len, bytes->len - len};
}

void diag_vwarn(const char *format, va_list arguments)
{
    enum { LINE = 2048, ESCAPE = 4 };
    char line[LINE], safe[LINE], shown[ESCAPE * LINE + 1], *to = shown;
    if (before != NULL)
        before();
    int head = snprintf(line, sizeof line, "%s: ", program);
    int body = vsnprintf(line + head, sizeof line - (size_t)head, format, arguments);
    size_t len = (size_t)head + (body > 0 ? (size_t)body : 0);
    if (len > sizeof line - 1)
        len = sizeof line - 1;
    struct span rest = {safe, redact_copy((struct span){line, len}, safe, sizeof safe)};
    while (rest.len > 0)
        put_printable(&to, &rest);
    *to++ = '\n';
    write_line(span_between(shown, to));
}

void diag_warn(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    diag_vwarn(format, arguments);
    va_end(arguments);
}

void diag_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    diag_vwarn(format, arguments);
    va_end(arguments);
    diag_raise(STATUS_FAILED);
}

enum {
    PUT_MOST = 16,
    CUT = sizeof "..."
}; /* bytes that one step writes, and those that the end needs */

/* Writes the bytes, made printable, with REDACTED in place of secrets, while there is room for a
 * step and the end, and while fewer than `most` bytes were read.  Returns the rest. */
static struct span put_all(char **to, const char *end, struct span bytes, size_t most)
{
    const char *from = bytes.at;
    struct span found = {span_end(bytes), 0};
    _Static_assert(sizeof REDACTED <= PUT_MOST, "REDACTED is one step");
    redact_find(bytes, &found);
    while (bytes.len > 0 && (size_t)(bytes.at - from) < most && end - *to >= PUT_MOST + CUT) {
        if (bytes.at < found.at) {
            put_printable(to, &bytes);
            continue;
        }
        *to = stpcpy(*to, REDACTED);
        bytes = span_between(span_end(found), span_end(bytes));
        found = (struct span){span_end(bytes), 0};
        redact_find(bytes, &found);
    }
    return bytes;
}

void reason_append(struct reason *reason, struct span bytes)
{
    char *to = reason->text + strlen(reason->text), *end = reason->text + sizeof reason->text;
    bytes = put_all(&to, end, bytes, SIZE_MAX);
    if (bytes.len == 0)
        *to = '\0';
    else if (end - to >= CUT)
        strcpy(to, "...");
}

const char *diag_printable(struct span bytes, struct printable *printable)
{
    enum { SHOWN = 60 };
    char *to = printable->text;
    bytes = put_all(&to, to + sizeof printable->text, bytes, SHOWN);
    strcpy(to, bytes.len > 0 ? "..." : "");
    return printable->text;
}
