#include "config.h"

#include "report/rows.h"

#include <stdlib.h>

/* Rows beyond the limit before the newest are selected: enough to make that rare. */
static size_t slack(size_t limit)
{
    return limit / 4 + 16;
}

void rows_begin(struct rows *rows, size_t limit)
{
    *rows = (struct rows){.limit = limit, .least = INT64_MIN};
}

bool rows_would_keep(const struct rows *rows, int64_t seconds)
{
    return rows->limit > 0 && seconds >= rows->least;
}

static bool is_newer(const struct rows_place *a, const struct rows_place *b)
{
    return a->seconds != b->seconds ? a->seconds > b->seconds : a->number > b->number;
}

static void swap(struct rows_place *a, struct rows_place *b)
{
    struct rows_place other = *a;
    *a = *b;
    *b = other;
}

/* Moves the newest `limit` to the front, with the oldest of them last (Hoare's FIND, 1961), and
 * drops the others, at least one. */
static void select_newest(struct rows *rows)
{
    struct rows_place *place = rows->place;
    ptrdiff_t last = (ptrdiff_t)rows->limit - 1;
    ptrdiff_t low = 0, high = (ptrdiff_t)rows->count - 1;
    while (low < high) {
        const struct rows_place pivot = place[low + (high - low) / 2];
        ptrdiff_t i = low, j = high;
        while (i <= j) {
            while (is_newer(&place[i], &pivot))
                i++;
            while (is_newer(&pivot, &place[j]))
                j--;
            if (i <= j)
                swap(&place[i++], &place[j--]);
        }
        if (j < last)
            low = i;
        if (last < i)
            high = j;
    }
    rows->count = rows->limit;
    rows->least = place[last].seconds;
}

/* The beginning of the text: whole characters of UTF-8. */
static struct span beginning(struct span text, size_t most)
{
    if (text.len <= most)
        return text;
    while (most > 0 && ((unsigned char)text.at[most] & 0xc0) == 0x80)
        most--;
    return (struct span){text.at, most};
}

/* Makes the row's memory as large as needed, and not much larger.  False: no memory. */
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

/* Copies the texts of `from` into the row's own memory.  False: no memory. */
static bool copy_row(struct row *row, const struct row *from)
{
    struct span text[ROW_FIELDS + 1] = {beginning(from->json, ROW_JSON)};
    size_t size = 1 + text[0].len;
    for (size_t i = 0; i < ROW_FIELDS; i++) {
        text[i + 1] = beginning(from->field[i], ROW_TEXT);
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

/* Makes room for one more row.  False: no memory. */
static bool add_place(struct rows *rows)
{
    if (rows->count == rows->capacity) {
        size_t most = rows->limit + slack(rows->limit);
        size_t capacity = rows->capacity == 0 ? 64 : 2 * rows->capacity;
        capacity = capacity < most ? capacity : most;
        struct rows_place *grown = realloc(rows->place, capacity * sizeof *grown);
        if (grown == NULL)
            return false;
        memset(grown + rows->capacity, 0, (capacity - rows->capacity) * sizeof *grown);
        rows->place = grown;
        rows->capacity = capacity;
    }
    struct rows_place *place = &rows->place[rows->count];
    if (place->row == NULL)
        place->row = calloc(1, sizeof *place->row);
    return place->row != NULL;
}

bool rows_add(struct rows *rows, const struct row *row)
{
    if (rows->count == rows->limit + slack(rows->limit))
        select_newest(rows);
    if (!add_place(rows))
        return false;
    struct rows_place *place = &rows->place[rows->count];
    if (!copy_row(place->row, row))
        return false;
    place->seconds = row->seconds;
    place->number = rows->seen;
    rows->count++;
    return true;
}

static int compare(const void *first, const void *second)
{
    return is_newer(first, second) ? -1 : 1;
}

void rows_sort(struct rows *rows)
{
    if (rows->count > rows->limit)
        select_newest(rows);
    if (rows->count > 1)
        qsort(rows->place, rows->count, sizeof *rows->place, compare);
}

void rows_free(struct rows *rows)
{
    for (size_t i = 0; i < rows->capacity; i++) {
        if (rows->place[i].row != NULL)
            free(rows->place[i].row->memory);
        free(rows->place[i].row);
    }
    free(rows->place);
    *rows = (struct rows){0};
}
