#include "config.h"

#include "base/diag.h"
#include "base/read_all.h"
#include "base/redact.h"
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Reads the file, of `size` bytes at most.  False with errno set. */
static bool read_file(const char *file, char *buffer, size_t size, size_t *len)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read_all(fd, buffer, size) : -1;
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    *len = n > 0 ? (size_t)n : 0;
    return n >= 0;
}

static bool refuse(const char *what, const char *where, const char *why)
{
    diag_fail("%s: the %s %s", where, what, why);
    return false;
}

/* Removes the newline at the end.  False after a message. */
static bool check(const char *what, const char *where, struct span *value)
{
    if (value->len > SECRET_MAX)
        return refuse(what, where, "is longer than 64 KiB");
    if (value->len > 0 && span_end(*value)[-1] == '\n')
        value->len--;
    if (value->len > 0 && span_end(*value)[-1] == '\r')
        value->len--;
    if (value->len == 0)
        return refuse(what, where, "is empty");
    for (size_t i = 0; i < value->len; i++)
        if ((unsigned char)value->at[i] < 0x20 || value->at[i] == 0x7f)
            return refuse(what, where, "has more than one line, or a control character");
    return true;
}

static char *copy(struct span bytes)
{
    char *copied = malloc(bytes.len + 1);
    if (copied == NULL) {
        diag_fail("%s", strerror(ENOMEM));
        return NULL;
    }
    memcpy(copied, bytes.at, bytes.len);
    copied[bytes.len] = '\0';
    return copied;
}

char *secret_copy(struct span bytes)
{
    if (redact_add(bytes))
        return copy(bytes);
    diag_fail("%s", strerror(ENOMEM));
    return NULL;
}

static bool read_with(const char *what, const char *file, const char *variable,
                      char *(*make_copy)(struct span bytes), char **text)
{
    const char *value = file == NULL ? getenv(variable) : NULL;
    const char *where = file != NULL ? file : variable;
    char buffer[SECRET_MAX + 1];
    size_t len = 0;
    *text = NULL;
    if (file == NULL && value == NULL)
        return true;
    bool read = file == NULL || read_file(file, buffer, sizeof buffer, &len);
    struct span bytes = file != NULL ? (struct span){buffer, len} : span_of(value);
    if (!read)
        diag_fail("%s: %s", file, strerror(errno));
    else if (check(what, where, &bytes))
        *text = make_copy(bytes);
    explicit_bzero(buffer, sizeof buffer);
    return *text != NULL;
}

bool secret_read(const char *what, const char *file, const char *variable, char **secret)
{
    return read_with(what, file, variable, secret_copy, secret);
}

bool secret_read_text(const char *what, const char *file, const char *variable, char **text)
{
    return read_with(what, file, variable, copy, text);
}

void secret_free(char *secret)
{
    if (secret == NULL)
        return;
    explicit_bzero(secret, strlen(secret));
    free(secret);
}
