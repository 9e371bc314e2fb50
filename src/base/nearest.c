#include "config.h"

#include "base/nearest.h"

#include <stdio.h>

void nearest_begin(struct nearest *nearest, struct span wanted)
{
    *nearest = (struct nearest){.wanted = wanted};
}

static char fold(char byte)
{
    if (byte == '_')
        return '-';
    return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t nearest_distance(struct span a, struct span b, size_t limit)
{
    /* Three rows of the table: row i has the distances of a's first i bytes. */
    size_t rows[3][NEAREST_LENGTH + 1];
    if (a.len > NEAREST_LENGTH || b.len > NEAREST_LENGTH)
        return limit + 1;
    for (size_t j = 0; j <= b.len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *above_that = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            char x = fold(a.at[i - 1]), y = fold(b.at[j - 1]);
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == fold(b.at[j - 2]) && y == fold(a.at[i - 2]))
                row[j] = least(row[j], above_that[j - 2] + 1);
        }
    }
    return least(rows[a.len % 3][b.len], limit + 1);
}

void nearest_offer(struct nearest *nearest, struct span name)
{
    size_t limit = (nearest->wanted.len + 2) / 3;
    size_t distance = nearest_distance(nearest->wanted, name, limit);
    if (distance > limit || distance >= name.len)
        return;
    size_t place = nearest->count;
    while (place > 0 && nearest->distance[place - 1] > distance)
        place--;
    if (place == NEAREST_NAMES)
        return;
    if (nearest->count < NEAREST_NAMES)
        nearest->count++;
    for (size_t i = nearest->count - 1; i > place; i--) {
        nearest->name[i] = nearest->name[i - 1];
        nearest->distance[i] = nearest->distance[i - 1];
    }
    nearest->name[place] = name;
    nearest->distance[place] = distance;
}

void nearest_offer_all(struct nearest *nearest, const char *const names[])
{
    for (; *names != NULL; names++)
        nearest_offer(nearest, span_of(*names));
}

const char *nearest_message(const struct nearest *nearest, char message[NEAREST_MESSAGE])
{
    size_t used = 0;
    message[0] = '\0';
    for (size_t i = 0; i < nearest->count; i++) {
        const char *before = i == 0 ? "did you mean " : i + 1 < nearest->count ? ", " : " or ";
        used += (size_t)snprintf(message + used, NEAREST_MESSAGE - used, "%s'%.*s'", before,
                                 (int)nearest->name[i].len, nearest->name[i].at);
    }
    if (used > 0)
        memcpy(message + used, "?", 2);
    return message;
}
