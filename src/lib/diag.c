#include "diag.h"

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
    ssize_t ignored = write(STDERR_FILENO, line, len);
    (void)ignored;
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

/* Puts a byte as a message shows it, 4 characters at most; returns what follows it. */
static char *put_printable(char *to, unsigned char byte)
{
    if (byte < 0x20 || byte == 0x7f)
        return to + sprintf(to, "\\x%02x", byte);
    *to++ = (char)byte;
    return to;
}

void reason_append(struct reason *reason, struct span bytes)
{
    enum { MOST = 4 + sizeof "..." };
    char *to = reason->text + strlen(reason->text), *end = reason->text + sizeof reason->text;
    for (size_t i = 0; i < bytes.len; i++) {
        if (end - to < MOST) {
            strcpy(to, "...");
            return;
        }
        to = put_printable(to, (unsigned char)bytes.at[i]);
    }
    *to = '\0';
}

const char *diag_printable(struct span bytes, struct printable *printable)
{
    enum { SHOWN = 60 };
    char *to = printable->text;
    for (size_t i = 0; i < bytes.len && i < SHOWN; i++)
        to = put_printable(to, (unsigned char)bytes.at[i]);
    strcpy(to, bytes.len > SHOWN ? "..." : "");
    return printable->text;
}
