#include "config.h"

#include "report/rows.h"

#include <stdlib.h>

void rows_begin(struct rows *rows, size_t limit)
{
    *rows = (struct rows){.limit = limit};
}

static bool is_older(const struct row *a, const struct row *b)
{
    return a->seconds != b->seconds ? a->seconds < b->seconds : a->number < b->number;
}

bool rows_would_keep(const struct rows *rows, int64_t seconds)
{
    return rows->count < rows->limit || (rows->limit > 0 && seconds >= rows->row[0].seconds);
}

static void swap(struct row *a, struct row *b)
{
    struct row saved = *a;
    *a = *b;
    *b = saved;
}

static void sift_up(struct row *row, size_t i)
{
    for (; i > 0 && is_older(&row[i], &row[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&row[i], &row[(i - 1) / 2]);
}

static void sift_down(struct row *row, size_t count, size_t i)
{
    for (;;) {
        size_t oldest = i, child = 2 * i + 1;
        for (size_t c = child; c < child + 2 && c < count; c++)
            if (is_older(&row[c], &row[oldest]))
                oldest = c;
        if (oldest == i)
            return;
        swap(&row[i], &row[oldest]);
        i = oldest;
    }
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

/* Copies the spans into memory of the row's own. */
static bool keep(struct row *row)
{
    row->json_len = row->json.len;
    row->json = cut(row->json, ROW_JSON);
    size_t size = row->json.len;
    for (size_t i = 0; i < ROW_FIELDS; i++) {
        row->field[i] = cut(row->field[i], ROW_TEXT);
        size += row->field[i].len;
    }
    row->memory = malloc(size + 1);
    if (row->memory == NULL)
        return false;
    char *to = row->memory;
    struct span *spans[ROW_FIELDS + 1] = {&row->json};
    for (size_t i = 0; i < ROW_FIELDS; i++)
        spans[i + 1] = &row->field[i];
    for (size_t i = 0; i <= ROW_FIELDS; i++) {
        if (spans[i]->len > 0)
            memcpy(to, spans[i]->at, spans[i]->len);
        spans[i]->at = to;
        to += spans[i]->len;
    }
    return true;
}

bool rows_add(struct rows *rows, const struct row *row)
{
    struct row own = *row;
    own.number = rows->seen;
    if (rows->count == rows->capacity && rows->count < rows->limit) {
        size_t capacity = rows->capacity == 0 ? 256 : 2 * rows->capacity;
        struct row *grown = realloc(rows->row, capacity * sizeof *grown);
        if (grown == NULL)
            return false;
        rows->row = grown;
        rows->capacity = capacity;
    }
    if (!keep(&own))
        return false;
    if (rows->count < rows->limit) {
        rows->row[rows->count++] = own;
        sift_up(rows->row, rows->count - 1);
    } else {
        free(rows->row[0].memory);
        rows->row[0] = own;
        sift_down(rows->row, rows->count, 0);
    }
    return true;
}

static int compare(const void *first, const void *second)
{
    return is_older(first, second) ? 1 : -1;
}

void rows_sort(struct rows *rows)
{
    if (rows->count > 1)
        qsort(rows->row, rows->count, sizeof *rows->row, compare);
}

void rows_free(struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        free(rows->row[i].memory);
    free(rows->row);
    *rows = (struct rows){0};
}
