#include "config.h"

#include "filter/table.h"

#include <stdlib.h>
#include <wchar.h>

struct table_cell {
    char *text;
    size_t len, width;
};

/* Copies the text, with '?' for unprintable characters, and measures it. */
static bool make_cell(struct span text, struct table_cell *cell)
{
    const char *at = text.at, *end = span_end(text);
    mbstate_t state = {0};
    *cell = (struct table_cell){.text = malloc(text.len + 1)};
    if (cell->text == NULL)
        return false;
    while (at < end) {
        wchar_t character;
        size_t n = mbrtowc(&character, at, (size_t)(end - at), &state);
        int width = n == 0 || n > text.len ? -1 : wcwidth(character);
        if (n == 0 || n > text.len) {
            n = 1;
            state = (mbstate_t){0};
        }
        if (width < 0) {
            cell->text[cell->len++] = '?';
            cell->width++;
        } else {
            memcpy(cell->text + cell->len, at, n);
            cell->len += n;
            cell->width += (size_t)width;
        }
        at += n;
    }
    return true;
}

static bool grow(struct table *table)
{
    size_t capacity = table->capacity == 0 ? 128 : 2 * table->capacity;
    struct table_cell *grown = realloc(table->cell, capacity * sizeof *grown);
    if (grown == NULL)
        return false;
    table->cell = grown;
    table->capacity = capacity;
    return true;
}

void table_add(struct table *table, struct span text)
{
    if ((table->cells == table->capacity && !grow(table)) ||
        !make_cell(text, &table->cell[table->cells])) {
        table->no_memory = true;
        return;
    }
    size_t *width = &table->width[table->cells % table->columns];
    if (table->cell[table->cells].width > *width)
        *width = table->cell[table->cells].width;
    table->cells++;
}

static void blanks(struct out *out, size_t count)
{
    for (; count > 0; count--)
        out_write(out, SPAN(" "));
}

void table_write(const struct table *table, struct out *out)
{
    for (size_t i = 0; i < table->cells; i++) {
        const struct table_cell *cell = &table->cell[i];
        size_t column = i % table->columns, pad = table->width[column] - cell->width;
        bool last = column + 1 == table->columns;
        if (table->right[column])
            blanks(out, pad);
        out_write(out, (struct span){cell->text, cell->len});
        if (!last)
            blanks(out, table->right[column] ? 2 : pad + 2);
        else
            out_write(out, SPAN("\n"));
    }
}

void table_free(struct table *table)
{
    for (size_t i = 0; i < table->cells; i++)
        free(table->cell[i].text);
    free(table->cell);
    *table = (struct table){.columns = 0};
}
