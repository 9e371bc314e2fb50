#include "config.h"

#include "base/redact.h"
#include "base/secret.h"
#include "deliver/header.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    LONG_LINE = 64 * 1024, /* bytes */
    /* Values of at least so many bytes count as secrets: nearly all in a file, since secrets are
     * why files are used; on a command line only those that look like one. */
    LEAST_IN_FILE = 4,
    LEAST_IN_ARGUMENT = 16,
};

bool header_is_name(struct span name)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (size_t i = 0; i < name.len; i++)
        if (memchr(token, name.at[i], sizeof token - 1) == NULL)
            return false;
    return name.len > 0;
}

bool header_is_value(struct span value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char byte = (unsigned char)value.at[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
            return false;
    }
    return true;
}

static bool append(struct curl_slist **list, const char *field)
{
    struct curl_slist *longer = curl_slist_append(*list, field);
    if (longer != NULL)
        *list = longer;
    return longer != NULL;
}

bool header_add(struct curl_slist **list, const char *name, const char *prefix, const char *value)
{
    char *field;
    if (asprintf(&field, "%s: %s%s", name, prefix != NULL ? prefix : "", value) < 0)
        return false;
    bool added = append(list, field);
    secret_free(field);
    return added;
}

bool header_add_all(struct curl_slist **list, const struct curl_slist *more)
{
    for (; more != NULL; more = more->next)
        if (!append(list, more->data))
            return false;
    return true;
}

/* Adds a field's value to redact's secrets, and what follows its first word ("Bearer TOKEN").
 * Values shorter than `least` bytes are left out: they would match everywhere. */
static bool hide_value(const char *value, size_t least)
{
    value += strspn(value, " \t");
    struct span whole = span_of(value);
    while (whole.len > 0 && (whole.at[whole.len - 1] == ' ' || whole.at[whole.len - 1] == '\t'))
        whole.len--;
    const char *blank = memchr(whole.at, ' ', whole.len);
    if (whole.len < least)
        return true;
    return redact_add(whole) && (blank == NULL || span_end(whole) - blank <= (ptrdiff_t)least ||
                                 redact_add(span_between(blank + 1, span_end(whole))));
}

static bool add_field(struct curl_slist **list, const char *field, size_t least,
                      struct reason *reason)
{
    struct printable name;
    const char *colon = strchr(field, ':');
    if (colon == NULL || !header_is_name(span_between(field, colon)))
        return reason_set(reason, "not a header field; write it as 'Name: value'");
    if (!header_is_value(span_of(field)))
        return reason_set(reason, "%s: the value contains a line break or control character",
                          diag_printable(span_between(field, colon), &name));
    return (hide_value(colon + 1, least) && append(list, field)) ||
           reason_set(reason, "%s", strerror(ENOMEM));
}

static bool add_lines(struct curl_slist **list, FILE *from, const char *file, struct reason *reason)
{
    static char block[BUFSIZ];
    size_t size = LONG_LINE;
    char *line =
        malloc(size); /* large enough that getline() seldom reallocates, which would leave a copy */
    ssize_t len;
    bool added = line != NULL || reason_set(reason, "%s", strerror(ENOMEM));
    setvbuf(from, block, _IOFBF, sizeof block);
    while (added && (len = getline(&line, &size, from)) >= 0) {
        while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
            line[--len] = '\0';
        if (len > 0)
            added = add_field(list, line, LEAST_IN_FILE, reason);
    }
    if (added && ferror(from))
        added = reason_set(reason, "%s: %s", file, strerror(errno));
    if (line != NULL)
        explicit_bzero(line, size);
    free(line);
    explicit_bzero(block, sizeof block);
    return added;
}

static bool add_file(struct curl_slist **list, const char *file, struct reason *reason)
{
    FILE *from = fopen(file, "re");
    if (from == NULL)
        return reason_set(reason, "%s: %s", file, strerror(errno));
    bool added = add_lines(list, from, file, reason);
    fclose(from);
    return added;
}

bool header_add_argument(struct curl_slist **list, const char *argument, struct reason *reason)
{
    return argument[0] == '@' ? add_file(list, argument + 1, reason)
                              : add_field(list, argument, LEAST_IN_ARGUMENT, reason);
}

void header_free(struct curl_slist *list)
{
    for (struct curl_slist *l = list; l != NULL; l = l->next)
        if (l->data != NULL)
            explicit_bzero(l->data, strlen(l->data));
    curl_slist_free_all(list);
}
