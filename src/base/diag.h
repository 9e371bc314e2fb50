/* diag: messages to standard error, and the exit status that results from them.
 *
 * A message is one line: the program's name, where, and what is wrong.  Control characters in it,
 * of a file's name for example, are printed as \xNN, so that nothing can send escape sequences to a
 * terminal.  Bytes from input or from servers are printed through diag_printable(), which also
 * truncates them.  No message shows a secret that redact knows. */
#ifndef DIAG_H
#define DIAG_H

#include "base/span.h"

#include <stdarg.h>

/* The exit status of every tool.  It can only get worse. */
enum diag_status {
    STATUS_OK = 0,       /* every record was handled */
    STATUS_REJECTED = 1, /* finished, but some records were rejected or not delivered */
    STATUS_FAILED = 2,   /* could not run or continue: usage, configuration, input or output */
};

/* Sets the program's name for messages; the string must stay valid. */
void diag_name(const char *program);
const char *diag_program(void);

/* Raises the status to at least this; returns the resulting status. */
enum diag_status diag_raise(enum diag_status status);
enum diag_status diag_exit_status(void);

/* Writes "program: message" and a newline, in one write(2) if the system accepts that.  The status
 * is unchanged. */
void diag_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void diag_vwarn(const char *format, va_list arguments);

/* The same, and raises the status to STATUS_FAILED. */
void diag_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Sets a function that is called before each message, to clear a progress line; NULL: none. */
void diag_before(void (*call)(void));

/* Why a record is rejected: a message without program, location and newline. */
struct reason {
    char text[512];
};
/* Sets the reason; false, for the caller to return. */
bool reason_set(struct reason *reason, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends bytes from input or servers, made printable as below, as far as they fit. */
void reason_append(struct reason *reason, struct span bytes);

/* Bytes from input or servers, for a message: control characters, direction marks and invalid UTF-8
 * as \xNN, secrets as REDACTED, truncated after 60 bytes with "...".  The result is in
 * `printable`. */
struct printable {
    char text[300];
};
const char *diag_printable(struct span bytes, struct printable *printable);

#endif
