#include "config.h"

#include "base/environment.h"
#include "base/read_all.h"
#include "filter/template_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef TEMPLATEDIR
#define TEMPLATEDIR "/usr/local/share/audit-filters/templates"
#endif

/* The directories, in order. */
struct directories {
    const char *rest; /* of $AUDIT_TEMPLATE_PATH; NULL when it is exhausted */
    bool built_in;    /* the built-in directory was returned */
};

static struct directories directories_begin(void)
{
    return (struct directories){environment_value("AUDIT_TEMPLATE_PATH"), false};
}

static bool directories_next(struct directories *d, struct span *directory)
{
    while (d->rest != NULL) {
        const char *colon = strchr(d->rest, ':');
        *directory = span_of(d->rest);
        if (colon != NULL)
            directory->len = (size_t)(colon - d->rest);
        d->rest = colon != NULL ? colon + 1 : NULL;
        if (directory->len > 0)
            return true;
    }
    *directory = span_of(TEMPLATEDIR);
    bool given = d->built_in;
    d->built_in = true;
    return !given;
}

static bool add_name(struct template_names *names, struct span name)
{
    if (names->count == names->capacity) {
        size_t capacity = names->capacity == 0 ? 16 : 2 * names->capacity;
        char **grown = realloc(names->name, capacity * sizeof *grown);
        if (grown == NULL)
            return false;
        names->name = grown;
        names->capacity = capacity;
    }
    names->name[names->count] = strndup(name.at, name.len);
    return names->name[names->count] != NULL && ++names->count > 0;
}

/* Adds the names in the directory: NAME.json, NAME without a dot.  False with errno set. */
static bool add_entries(struct template_names *names, DIR *directory)
{
    struct dirent *entry;
    while (errno = 0, (entry = readdir(directory)) != NULL) {
        const char *dot = strchr(entry->d_name, '.');
        if (dot != NULL && dot > entry->d_name && strcmp(dot, ".json") == 0 &&
            !add_name(names, span_between(entry->d_name, dot)))
            return false;
    }
    return errno == 0;
}

static bool add_directory(struct template_names *names, struct span directory,
                          struct reason *reason)
{
    char *path = strndup(directory.at, directory.len);
    DIR *open = path != NULL ? opendir(path) : NULL;
    bool none = open == NULL && path != NULL && (errno == ENOENT || errno == ENOTDIR);
    bool good = none || (open != NULL && add_entries(names, open));
    if (!good)
        reason_set(reason, "%.*s: %s", (int)directory.len, directory.at, strerror(errno));
    if (open != NULL)
        closedir(open);
    free(path);
    return good;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool template_names(struct template_names *names, struct reason *reason)
{
    struct directories d = directories_begin();
    struct span directory;
    *names = (struct template_names){0};
    while (directories_next(&d, &directory))
        if (!add_directory(names, directory, reason))
            return false;
    if (names->count == 0)
        return true;
    qsort(names->name, names->count, sizeof *names->name, compare_names);
    size_t kept = 1;
    for (size_t i = 1; i < names->count; i++) {
        if (strcmp(names->name[i], names->name[kept - 1]) == 0)
            free(names->name[i]);
        else
            names->name[kept++] = names->name[i];
    }
    names->count = kept;
    return true;
}

void template_names_free(struct template_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->name[i]);
    free(names->name);
    *names = (struct template_names){0};
}

/* A list for a message, "a, b, c", truncated if it does not fit. */
struct list {
    char text[200];
    size_t len;
};

static void list_add(struct list *list, struct span item)
{
    size_t room = sizeof list->text - list->len;
    int n = snprintf(list->text + list->len, room, "%s%.*s", list->len > 0 ? ", " : "",
                     (int)item.len, item.at);
    list->len += n > 0 && (size_t)n < room ? (size_t)n : room - 1;
}

/* Explains that there is no template of that name: where it was searched for, and which templates
 * there are. */
static void explain(const char *name, struct reason *reason)
{
    struct directories d = directories_begin();
    struct template_names names;
    struct list looked = {.len = 0}, known = {.len = 0};
    struct span directory;
    struct printable shown;
    while (directories_next(&d, &directory))
        list_add(&looked, directory);
    if (template_names(&names, reason))
        for (size_t i = 0; i < names.count; i++)
            list_add(&known, span_of(names.name[i]));
    template_names_free(&names);
    reason_set(
        reason, "there is no template '%s' in %s; there are: %s; a file's name has a '/' or '.'",
        diag_printable(span_of(name), &shown), looked.text, known.len > 0 ? known.text : "none");
}

char *template_file_find(const char *argument, struct reason *reason)
{
    struct directories d = directories_begin();
    struct span directory;
    char *file = NULL;
    if (strpbrk(argument, "/.") != NULL) {
        file = strdup(argument);
        if (file == NULL)
            reason_set(reason, "%s", strerror(ENOMEM));
        return file;
    }
    while (directories_next(&d, &directory)) {
        if (asprintf(&file, "%.*s/%s.json", (int)directory.len, directory.at, argument) < 0) {
            reason_set(reason, "%s", strerror(ENOMEM));
            return NULL;
        }
        if (argument[0] != '\0' && access(file, F_OK) == 0)
            return file;
        free(file);
    }
    explain(argument, reason);
    return NULL;
}

char *template_file_read(const char *file, struct span *text, struct reason *reason)
{
    static const struct span bom = SPAN_INIT("\xef\xbb\xbf");
    char *buffer = malloc(TEMPLATE_MAX + 1);
    int fd = buffer != NULL ? open(file, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t len = fd >= 0 ? read_all(fd, buffer, TEMPLATE_MAX + 1) : -1;
    int error = buffer != NULL ? errno : ENOMEM;
    if (fd >= 0)
        close(fd);
    if (len < 0 || len > TEMPLATE_MAX) {
        free(buffer);
        if (len < 0)
            reason_set(reason, "%s: %s", file, strerror(error));
        else
            reason_set(reason, "%s: a template has at most 1 MiB", file);
        return NULL;
    }
    *text = (struct span){buffer, (size_t)len};
    if (text->len >= bom.len && memcmp(text->at, bom.at, bom.len) == 0)
        *text = (struct span){buffer + bom.len, text->len - bom.len};
    return buffer;
}
