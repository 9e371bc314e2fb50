#include "config.h"

#include "base/diag.h"
#include "base/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* The file's bytes, NULL with errno set; *len at most `size`. */
static bool read_file(const char *file, char *buffer, size_t size, size_t *len)
{
    FILE *from = fopen(file, "re");
    if (from == NULL)
        return false;
    errno = 0;
    *len = fread(buffer, 1, size, from);
    int error = ferror(from) ? errno : 0;
    fclose(from);
    errno = error;
    return error == 0;
}

static bool refuse(const char *what, const char *where, const char *why)
{
    diag_fail("%s: the %s %s", where, what, why);
    return false;
}

bool secret_read(const char *what, const char *file, const char *variable, char **secret)
{
    static char buffer[SECRET_MAX + 1];
    size_t len = 0;
    const char *value = file == NULL ? getenv(variable) : NULL;
    *secret = NULL;
    if (file == NULL && value == NULL)
        return true;
    const char *where = file != NULL ? file : variable;
    if (file != NULL && !read_file(file, buffer, sizeof buffer, &len)) {
        diag_fail("%s: %s", file, strerror(errno));
        return false;
    }
    if (value != NULL) {
        len = strnlen(value, sizeof buffer);
        memcpy(buffer, value, len);
    }
    if (len > SECRET_MAX)
        return refuse(what, where, "is longer than 64 KiB");
    if (len > 0 && buffer[len - 1] == '\n')
        len--;
    if (len > 0 && buffer[len - 1] == '\r')
        len--;
    if (len == 0)
        return refuse(what, where, "is empty");
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)buffer[i] < 0x20 || buffer[i] == 0x7f)
            return refuse(what, where, "has more than one line, or a control character");
    *secret = malloc(len + 1);
    if (*secret != NULL) {
        memcpy(*secret, buffer, len);
        (*secret)[len] = '\0';
    } else {
        diag_fail("%s", strerror(ENOMEM));
    }
    explicit_bzero(buffer, sizeof buffer);
    return *secret != NULL;
}

void secret_free(char *secret)
{
    if (secret == NULL)
        return;
    explicit_bzero(secret, strlen(secret));
    free(secret);
}
