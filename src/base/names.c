#include "config.h"

#include "base/diag.h"
#include "base/names.h"

#include <errno.h>
#include <stdlib.h>

enum { CHUNK = 16 * 1024 };

/* Records keep pointing to their file's name, so names are not freed one by one. */
struct names_chunk {
    struct names_chunk *before;
    size_t used, size;
    char bytes[];
};

bool names_begin(struct names *names, char *const *operand, size_t operands, const char *list)
{
    *names = (struct names){.operand = operand, .operands = operands, .list = list};
    if (list == NULL)
        return true;
    if (operands > 0) {
        diag_fail("%s: no operands may be given with --files0-from", operand[0]);
        return false;
    }
    names->from = strcmp(list, "-") == 0 ? stdin : fopen(list, "re");
    if (names->from == NULL)
        diag_fail("%s: %s", list, strerror(errno));
    return names->from != NULL;
}

/* A copy of the name. */
static const char *copy(struct names *names, struct span name)
{
    struct names_chunk *chunk = names->chunk;
    if (chunk == NULL || chunk->size - chunk->used <= name.len) {
        size_t size = name.len >= CHUNK ? name.len + 1 : CHUNK;
        chunk = malloc(sizeof *chunk + size);
        if (chunk == NULL)
            return NULL;
        *chunk = (struct names_chunk){.before = names->chunk, .size = size};
        names->chunk = chunk;
    }
    char *copy = chunk->bytes + chunk->used;
    memcpy(copy, name.at, name.len);
    copy[name.len] = '\0';
    chunk->used += name.len + 1;
    return copy;
}

const char *names_list(const struct names *names)
{
    return names->from == stdin ? "stdin" : names->list;
}

bool names_are_lines(const struct names *names, const char *name)
{
    return names->from != NULL && strchr(name, '\n') != NULL;
}

/* Whether the list's name can be a file name; otherwise writes a message. */
static bool is_name(const struct names *names, const char *name)
{
    const char *list = names_list(names);
    if (name[0] == '\0')
        diag_fail("%s: name %zu is empty", list, names->next);
    else if (names->from == stdin && strcmp(name, "-") == 0)
        diag_fail("%s: name %zu is '-', but standard input is the list of names", list,
                  names->next);
    else
        return true;
    return false;
}

static const char *next_in_list(struct names *names)
{
    ssize_t len;
    errno = 0;
    while ((len = getdelim(&names->line, &names->line_size, '\0', names->from)) >= 0) {
        names->next++;
        if (!is_name(names, names->line))
            continue;
        const char *name = copy(names, span_of(names->line));
        if (name != NULL)
            return name;
        errno = ENOMEM;
        break;
    }
    if (!feof(names->from))
        diag_fail("%s: %s", names_list(names), strerror(errno));
    names->at_end = true;
    return NULL;
}

const char *names_next(struct names *names)
{
    if (names->at_end)
        return NULL;
    if (names->from != NULL)
        return next_in_list(names);
    if (names->next < names->operands)
        return names->operand[names->next++];
    names->at_end = true;
    return names->operands == 0 ? "-" : NULL;
}

bool names_left(const struct names *names)
{
    if (names->at_end)
        return false;
    return names->from != NULL || names->operands == 0 || names->next < names->operands;
}

void names_end(struct names *names)
{
    if (names->from != NULL && names->from != stdin)
        fclose(names->from);
    free(names->line);
    for (struct names_chunk *before, *chunk = names->chunk; chunk != NULL; chunk = before) {
        before = chunk->before;
        free(chunk);
    }
    *names = (struct names){.at_end = true};
}
