/* render: an edit as the bytes that are written, for the fuzz targets. */
#ifndef RENDER_H
#define RENDER_H

#include "fuzz.h"
#include "json/edit.h"
#include "json/json_string.h"

/* To be freed. */
static inline struct span render(const struct edit *edit)
{
    size_t room = 1;
    HOLDS(!edit->no_memory);
    for (size_t i = 0; i < edit->count; i++)
        room += edit->piece[i].bytes.len * (edit->piece[i].encode ? 6 : 1) + 6;
    char *bytes = fuzz_memory(room), *to = bytes;
    for (size_t i = 0; i < edit->count; i++) {
        struct span left = edit->piece[i].bytes;
        if (edit->piece[i].encode) {
            to += json_string_encode(&left, to, (size_t)(bytes + room - to));
            HOLDS(left.len == 0);
        } else {
            memcpy(to, left.at, left.len);
            to += left.len;
        }
    }
    return span_between(bytes, to);
}

#endif
