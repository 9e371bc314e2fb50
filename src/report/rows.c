#include "config.h"

#include "report/rows.h"

#include <stdlib.h>

void rows_begin(struct rows *rows, size_t limit)
{
    *rows = (struct rows){.limit = limit};
}

static bool is_older(const struct rows_place *a, const struct rows_place *b)
{
    return a->seconds != b->seconds ? a->seconds < b->seconds : a->number < b->number;
}

bool rows_would_keep(const struct rows *rows, int64_t seconds)
{
    return rows->count < rows->limit || (rows->limit > 0 && seconds >= rows->place[0].seconds);
}

static void sift_up(struct rows_place *place, size_t i)
{
    struct rows_place moved = place[i];
    for (; i > 0 && is_older(&moved, &place[(i - 1) / 2]); i = (i - 1) / 2)
        place[i] = place[(i - 1) / 2];
    place[i] = moved;
}

static void sift_down(struct rows_place *place, size_t count, size_t i)
{
    struct rows_place moved = place[i];
    for (size_t child; (child = 2 * i + 1) < count; i = child) {
        if (child + 1 < count && is_older(&place[child + 1], &place[child]))
            child++;
        if (!is_older(&place[child], &moved))
            break;
        place[i] = place[child];
    }
    place[i] = moved;
}

/* The text's beginning: whole characters of UTF-8. */
static struct span cut(struct span text, size_t most)
{
    if (text.len <= most)
        return text;
    while (most > 0 && ((unsigned char)text.at[most] & 0xc0) == 0x80)
        most--;
    return (struct span){text.at, most};
}

/* Makes the row's memory as large as is needed, and not much larger.  False: no memory. */
static bool reserve(struct row *row, size_t size)
{
    enum { SPARE = 4096 };
    if (size <= row->size && row->size - size <= SPARE)
        return true;
    char *memory = malloc(size);
    if (memory == NULL)
        return false;
    free(row->memory);
    row->memory = memory;
    row->size = size;
    return true;
}

/* Copies what `from` says into memory of the row's own.  False: no memory. */
static bool keep(struct row *row, const struct row *from)
{
    struct span text[ROW_FIELDS + 1] = {cut(from->json, ROW_JSON)};
    size_t size = 1 + text[0].len;
    for (size_t i = 0; i < ROW_FIELDS; i++) {
        text[i + 1] = cut(from->field[i], ROW_TEXT);
        size += text[i + 1].len;
    }
    if (!reserve(row, size))
        return false;
    char *to = row->memory;
    for (size_t i = 0; i <= ROW_FIELDS; i++) {
        if (text[i].len > 0)
            memcpy(to, text[i].at, text[i].len);
        text[i].at = to;
        to += text[i].len;
    }
    row->seconds = from->seconds;
    row->local = from->local;
    row->json_len = from->json.len;
    row->json = text[0];
    memcpy(row->field, text + 1, sizeof row->field);
    return true;
}

/* Makes room for one row more, which is the last.  False: no memory. */
static bool add_place(struct rows *rows)
{
    if (rows->count == rows->capacity) {
        size_t capacity = rows->capacity == 0 ? 256 : 2 * rows->capacity;
        struct rows_place *grown = realloc(rows->place, capacity * sizeof *grown);
        if (grown == NULL)
            return false;
        rows->place = grown;
        rows->capacity = capacity;
    }
    struct row *row = calloc(1, sizeof *row);
    if (row == NULL)
        return false;
    rows->place[rows->count++] = (struct rows_place){.row = row};
    return true;
}

bool rows_add(struct rows *rows, const struct row *row)
{
    bool full = rows->count == rows->limit;
    if (!full && !add_place(rows))
        return false;
    /* The oldest gives its place, and its memory. */
    size_t i = full ? 0 : rows->count - 1;
    struct rows_place *place = &rows->place[i];
    if (!keep(place->row, row))
        return false;
    place->seconds = row->seconds;
    place->number = rows->seen;
    if (full)
        sift_down(rows->place, rows->count, i);
    else
        sift_up(rows->place, i);
    return true;
}

static int compare(const void *first, const void *second)
{
    return is_older(first, second) ? 1 : -1;
}

void rows_sort(struct rows *rows)
{
    if (rows->count > 1)
        qsort(rows->place, rows->count, sizeof *rows->place, compare);
}

void rows_free(struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        free(rows->place[i].row->memory);
        free(rows->place[i].row);
    }
    free(rows->place);
    *rows = (struct rows){0};
}
