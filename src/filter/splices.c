#include "config.h"

#include "filter/splices.h"
#include "json/json_compact.h"

#include <stdlib.h>

void splices_clear(struct splices *splices)
{
    splices->count = 0;
    splices->no_memory = false;
}

void splices_free(struct splices *splices)
{
    free(splices->splice);
    free(splices->compact);
    *splices = (struct splices){0};
}

void splices_add(struct splices *splices, struct splice splice)
{
    if (splices->count == splices->capacity) {
        size_t capacity = splices->capacity == 0 ? 64 : 2 * splices->capacity;
        struct splice *grown = realloc(splices->splice, capacity * sizeof *grown);
        if (grown == NULL) {
            splices->no_memory = true;
            return;
        }
        splices->splice = grown;
        splices->capacity = capacity;
    }
    splices->splice[splices->count++] = splice;
}

void splices_drop_masks(struct splices *splices, size_t first)
{
    size_t to = first;
    for (size_t i = first; i < splices->count; i++)
        if (!splices->splice[i].mask)
            splices->splice[to++] = splices->splice[i];
    splices->count = to;
}

/* Makes sure that the compact text has room for `size` bytes. */
static bool reserve(struct splices *splices, size_t size)
{
    if (size <= splices->compact_size)
        return true;
    free(splices->compact);
    splices->compact = malloc(size);
    splices->compact_size = splices->compact != NULL ? size : 0;
    return splices->compact != NULL;
}

/* Adds a run of the text to the edit; *to is where its compact form is written, NULL: it is not
 * compacted. */
static void add_run(struct edit *edit, struct span run, char **to)
{
    if (*to != NULL) {
        run = (struct span){*to, json_compact(run, *to)};
        *to += run.len;
    }
    edit_add(edit, run);
}

void splices_build(struct splices *splices, struct span part, int level, bool compact,
                   struct edit *edit)
{
    const char *at = part.at;
    char *to = NULL;
    if (compact && !reserve(splices, part.len)) {
        splices->no_memory = true;
        return;
    }
    if (compact)
        to = splices->compact;
    for (size_t i = 0; i < splices->count; i++) {
        const struct splice *splice = &splices->splice[i];
        if (splice->level != level || splice->gone.at < at || splice->gone.at >= span_end(part))
            continue;
        add_run(edit, span_between(at, splice->gone.at), &to);
        edit_add(edit, splice->with);
        at = span_end(splice->gone);
    }
    add_run(edit, span_between(at, span_end(part)), &to);
}
