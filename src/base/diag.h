/* diag: messages to standard error, and the exit status that they lead to.
 *
 * A message is one line: the program's name, where, and what is wrong.  Bytes that come from
 * outside are printed through diag_printable(), so that a hostile record cannot write escape
 * sequences to a terminal.  No message shows a secret that redact knows.
 */
#ifndef DIAG_H
#define DIAG_H

#include "base/span.h"

#include <stdarg.h>

/* The exit status of every tool.  It only ever gets worse. */
enum diag_status {
    STATUS_OK = 0,       /* every record was handled */
    STATUS_REJECTED = 1, /* finished, but some records were rejected or not delivered */
    STATUS_FAILED = 2,   /* could not run or go on: usage, configuration, input or output */
};

/* Sets the name that messages begin with; a string that stays. */
void diag_name(const char *program);
const char *diag_program(void);

/* Raises the status to at least this; returns the status that then holds. */
enum diag_status diag_raise(enum diag_status status);
enum diag_status diag_exit_status(void);

/* "program: message" and a newline, in one write(2) where the system takes it.  The status stays.
 */
void diag_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void diag_vwarn(const char *format, va_list arguments);

/* The same, and the status is STATUS_FAILED. */
void diag_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Sets a function that is called before each message, to clear a progress line; NULL: none. */
void diag_before(void (*call)(void));

/* Why a record is rejected: a message without program, place and newline. */
struct reason {
    char text[512];
};
/* Sets the reason; false, for the caller to return. */
bool reason_set(struct reason *reason, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends bytes from outside, made printable as below, as far as they fit. */
void reason_append(struct reason *reason, struct span bytes);

/* Bytes from outside, for a message: control characters, marks of direction and what is not UTF-8
 * as \xNN, secrets as REDACTED, cut after 60 bytes with "...".  The result is in `printable`. */
struct printable {
    char text[300];
};
const char *diag_printable(struct span bytes, struct printable *printable);

#endif
