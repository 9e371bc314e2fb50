#include "config.h"

#include "base/edit.h"

#include <stdlib.h>

void edit_clear(struct edit *edit)
{
    edit->count = 0;
    edit->no_memory = false;
}

void edit_free(struct edit *edit)
{
    free(edit->piece);
    *edit = (struct edit){0};
}

static void append(struct edit *edit, struct piece piece)
{
    if (piece.bytes.len == 0)
        return;
    if (edit->count == edit->capacity) {
        size_t capacity = edit->capacity == 0 ? 64 : 2 * edit->capacity;
        struct piece *grown = realloc(edit->piece, capacity * sizeof *grown);
        if (grown == NULL) {
            edit->no_memory = true;
            return;
        }
        edit->piece = grown;
        edit->capacity = capacity;
    }
    edit->piece[edit->count++] = piece;
}

void edit_add(struct edit *edit, struct span bytes)
{
    if (edit->count > 0) {
        struct piece *last = &edit->piece[edit->count - 1];
        if (!last->encode && span_end(last->bytes) == bytes.at) {
            last->bytes.len += bytes.len;
            return;
        }
    }
    append(edit, (struct piece){bytes, false});
}

void edit_add_encoded(struct edit *edit, struct span bytes)
{
    append(edit, (struct piece){bytes, true});
}
