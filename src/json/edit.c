#include "config.h"

#include "json/edit.h"
#include "json/json_string.h"

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

/* Writes the bytes as the content of a JSON string, encoded in the output's buffer. */
static bool write_encoded(struct out *out, struct span bytes)
{
    enum { LEAST = 4096 };
    while (bytes.len > 0) {
        size_t room = out_room(out, LEAST);
        if (room == 0)
            return false;
        out->used += json_string_encode(&bytes, out->buffer + out->used, room);
    }
    return out->error == 0;
}

bool edit_write(const struct edit *edit, struct out *out)
{
    for (size_t i = 0; i < edit->count; i++) {
        const struct piece *piece = &edit->piece[i];
        if (!(piece->encode ? write_encoded(out, piece->bytes) : out_write(out, piece->bytes)))
            return false;
    }
    return true;
}
