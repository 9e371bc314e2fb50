/* secret: a credential from a file or the environment, never from argv, never in a message:
 * everything that is read or copied here is added to redact. */
#ifndef SECRET_H
#define SECRET_H

#include "base/span.h"

enum { SECRET_MAX = 64 * 1024 };

/* Reads the file, or if it is NULL the environment variable; *secret is then a NUL-terminated
 * string, which the caller frees with secret_free(), or NULL if neither is given.  One newline at
 * the end is ignored.  `what` names it in messages: "credential".  False after a message: the file
 * cannot be read, is empty or too long, or contains a NUL or a control character. */
bool secret_read(const char *what, const char *file, const char *variable, char **secret);

/* The same for a text of which only parts are secret, such as a URL: the caller adds those to
 * redact. */
bool secret_read_text(const char *what, const char *file, const char *variable, char **text);

/* A NUL-terminated copy of a secret from another source, such as a token from a response, for
 * secret_free().  NULL after a message: no memory. */
char *secret_copy(struct span bytes);

/* Overwrites and frees the secret, which may be NULL.  Messages still do not show it. */
void secret_free(char *secret);

#endif
