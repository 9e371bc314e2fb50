#include "config.h"

#include "receive/auth_check.h"

#include <ctype.h>
#include <errno.h>
#include <nettle/memops.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { FILE_MAX = 1024 * 1024 };

/* The credentials while they are read. */
struct list {
    unsigned char (*digest)[DIGEST_SIZE];
    size_t count;
};

void auth_check_init(struct auth_check *check)
{
    *check = (struct auth_check){.kind = AUTH_CHECK_NONE};
    pthread_mutex_init(&check->lock, NULL);
}

void auth_check_free(struct auth_check *check)
{
    free(check->digest);
    pthread_mutex_destroy(&check->lock);
}

static bool is_name(const char *name)
{
    if (*name == '\0')
        return false;
    for (; *name != '\0'; name++)
        if (!isalnum((unsigned char)*name) && strchr("!#$%&'*+-.^_`|~", *name) == NULL)
            return false;
    return true;
}

bool auth_check_parse(const char *text, struct auth_check *check)
{
    static const char *const names[] = {"none", "basic", "bearer"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0) {
            check->kind = (enum auth_check_kind)i;
            check->name = i > 0 ? "Authorization" : NULL;
            return true;
        }
    if (strncmp(text, "header:", 7) == 0) {
        check->kind = AUTH_CHECK_HEADER;
        check->name = text + 7;
    } else if (strncmp(text, "query:", 6) == 0) {
        check->kind = AUTH_CHECK_QUERY;
        check->name = text + 6;
    } else {
        return false;
    }
    return is_name(check->name);
}

/* The digest of a credential as a request sends it: basic's is in base64.  False: no memory. */
static bool digest_credential(enum auth_check_kind kind, struct span text,
                              unsigned char digest[DIGEST_SIZE])
{
    if (kind != AUTH_CHECK_BASIC) {
        digest_sha256(text, digest);
        return true;
    }
    size_t len = DIGEST_BASE64(text.len);
    char *encoded = malloc(len + 1);
    if (encoded == NULL)
        return false;
    digest_base64((const unsigned char *)text.at, text.len, encoded);
    digest_sha256((struct span){encoded, len}, digest);
    explicit_bzero(encoded, len);
    free(encoded);
    return true;
}

static bool add_credential(enum auth_check_kind kind, const char *where, struct span text,
                           struct list *list, struct reason *reason)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f)
            return reason_set(reason, "%s: a credential has a control character", where);
    if (kind == AUTH_CHECK_BASIC && memchr(text.at, ':', text.len) == NULL)
        return reason_set(reason, "%s: a credential has no colon; basic needs USER:PASSWORD",
                          where);
    void *longer = realloc(list->digest, (list->count + 1) * sizeof *list->digest);
    if (longer != NULL)
        list->digest = longer;
    if (longer == NULL || !digest_credential(kind, text, list->digest[list->count]))
        return reason_set(reason, "%s", strerror(ENOMEM));
    list->count++;
    return true;
}

/* Adds each nonempty line as a credential. */
static bool add_lines(enum auth_check_kind kind, const char *where, struct span text,
                      struct list *list, struct reason *reason)
{
    size_t before = list->count;
    while (text.len > 0) {
        const char *newline = memchr(text.at, '\n', text.len);
        struct span line = {text.at, newline != NULL ? (size_t)(newline - text.at) : text.len};
        text.at += line.len + (newline != NULL);
        text.len -= line.len + (newline != NULL);
        if (line.len > 0 && line.at[line.len - 1] == '\r')
            line.len--;
        if (line.len > 0 && !add_credential(kind, where, line, list, reason))
            return false;
    }
    return list->count > before || reason_set(reason, "%s: holds no credential", where);
}

static bool add_file(enum auth_check_kind kind, const char *file, char *buffer, struct list *list,
                     struct reason *reason)
{
    FILE *from = fopen(file, "re");
    if (from == NULL)
        return reason_set(reason, "%s: %s", file, strerror(errno));
    setvbuf(from, NULL, _IONBF, 0); /* no copy that would have to be wiped */
    size_t len = fread(buffer, 1, FILE_MAX, from);
    int error = ferror(from) ? errno : 0;
    bool more = len == FILE_MAX;
    fclose(from);
    if (error != 0)
        return reason_set(reason, "%s: %s", file, strerror(error));
    if (more)
        return reason_set(reason, "%s: is larger than 1 MiB", file);
    return add_lines(kind, file, (struct span){buffer, len}, list, reason);
}

static bool read_all(enum auth_check_kind kind, const char *const *file, size_t files,
                     const char *variable, struct list *list, struct reason *reason)
{
    const char *value = getenv(variable);
    if (files == 0 && value != NULL)
        return add_lines(kind, variable, span_of(value), list, reason);
    char *buffer = malloc(FILE_MAX);
    if (buffer == NULL)
        return reason_set(reason, "%s", strerror(ENOMEM));
    bool good = true;
    for (size_t i = 0; i < files && good; i++)
        good = add_file(kind, file[i], buffer, list, reason);
    explicit_bzero(buffer, FILE_MAX);
    free(buffer);
    return good;
}

bool auth_check_load(struct auth_check *check, const char *const *file, size_t files,
                     const char *variable, struct reason *reason)
{
    struct list list = {NULL, 0};
    if (check->kind == AUTH_CHECK_NONE)
        return true;
    if (!read_all(check->kind, file, files, variable, &list, reason)) {
        free(list.digest);
        return false;
    }
    pthread_mutex_lock(&check->lock);
    void *old = check->digest;
    check->digest = list.digest;
    check->count = list.count;
    pthread_mutex_unlock(&check->lock);
    free(old);
    return true;
}

/* Removes the scheme, in any case (RFC 9110 section 11.1), and the spaces after it.  False: it is
 * another scheme. */
static bool take_scheme(struct span *value, struct span scheme)
{
    if (value->len <= scheme.len || strncasecmp(value->at, scheme.at, scheme.len) != 0 ||
        value->at[scheme.len] != ' ')
        return false;
    *value = (struct span){value->at + scheme.len, value->len - scheme.len};
    while (value->len > 0 && *value->at == ' ')
        *value = (struct span){value->at + 1, value->len - 1};
    return true;
}

enum auth_check_result auth_check_value(struct auth_check *check, struct span value)
{
    unsigned char digest[DIGEST_SIZE];
    int valid = 0;
    if (check->kind == AUTH_CHECK_NONE)
        return AUTH_CHECK_VALID;
    if ((check->kind == AUTH_CHECK_BASIC && !take_scheme(&value, SPAN("Basic"))) ||
        (check->kind == AUTH_CHECK_BEARER && !take_scheme(&value, SPAN("Bearer"))))
        return AUTH_CHECK_OTHER_SCHEME;
    digest_sha256(value, digest);
    pthread_mutex_lock(&check->lock);
    for (size_t i = 0; i < check->count; i++)
        valid |= memeql_sec(check->digest[i], digest, DIGEST_SIZE);
    pthread_mutex_unlock(&check->lock);
    return valid != 0 ? AUTH_CHECK_VALID : AUTH_CHECK_INVALID;
}
