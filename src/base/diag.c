#include "config.h"

#include "base/diag.h"

#include <errno.h>
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

void diag_vwarn(const char *format, va_list arguments)
{
    char line[2048];
    if (before != NULL)
        before();
    int head = snprintf(line, sizeof line, "%s: ", program);
    int body = vsnprintf(line + head, sizeof line - (size_t)head, format, arguments);
    size_t len = (size_t)head + (body > 0 ? (size_t)body : 0);
    if (len > sizeof line - 1)
        len = sizeof line - 1;
    line[len++] = '\n';
    /* Standard error is the last resort: if it fails there is nobody left to tell. */
    for (size_t done = 0; done < len;) {
        ssize_t n = write(STDERR_FILENO, line + done, len - done);
        if (n < 0 && errno != EINTR)
            return;
        done += n > 0 ? (size_t)n : 0;
    }
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

bool reason_set(struct reason *reason, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason->text, sizeof reason->text, format, arguments);
    va_end(arguments);
    return false;
}

/* Bytes of the character at hand where that can be shown as it is.  0 for control characters, which
 * are those of ISO 8859-1 too (U+0080 to U+009F), and for what is no UTF-8. */
static size_t shown_length(struct span bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.at;
    if (at[0] < 0x80)
        return at[0] >= 0x20 && at[0] != 0x7f;
    size_t len = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (at[0] < 0xc2 || at[0] > 0xf4 || len > bytes.len || (at[0] == 0xc2 && at[1] < 0xa0))
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

/* Puts the character at hand, or its first byte as \xNN, 4 bytes at most; *to and *bytes move on.
 */
static void put_printable(char **to, struct span *bytes)
{
    size_t len = shown_length(*bytes);
    if (len > 0)
        memcpy(*to, bytes->at, len);
    *to += len > 0 ? (int)len : sprintf(*to, "\\x%02x", (unsigned char)*bytes->at);
    len += len == 0;
    *bytes = (struct span){bytes->at + len, bytes->len - len};
}

void reason_append(struct reason *reason, struct span bytes)
{
    enum { CUT = sizeof "...", MOST = 4 + CUT };
    char *to = reason->text + strlen(reason->text), *end = reason->text + sizeof reason->text;
    while (bytes.len > 0 && end - to >= MOST)
        put_printable(&to, &bytes);
    if (bytes.len == 0)
        *to = '\0';
    else if (end - to >= CUT)
        strcpy(to, "...");
}

const char *diag_printable(struct span bytes, struct printable *printable)
{
    enum { SHOWN = 60 };
    const char *from = bytes.at;
    char *to = printable->text;
    while (bytes.len > 0 && bytes.at - from < SHOWN)
        put_printable(&to, &bytes);
    strcpy(to, bytes.len > 0 ? "..." : "");
    return printable->text;
}
