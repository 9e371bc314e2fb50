#include "config.h"

#include "spool/line_macs.h"

#include <stdlib.h>

enum {
    STEP = 512 * 1024, /* bytes of lines */
    FIRST = 8192,      /* lines for which memory is reserved at first */
};

void line_macs_skip(struct line_macs *m, size_t lines)
{
    m->count = m->first = lines;
    m->failed = m->failed || lines > 0;
}

void line_macs_open(struct line_macs *m, int fd)
{
    line_macs_drop(m);
    filelines_begin(&m->lines, fd);
    m->open = true;
}

static void close_file(struct line_macs *m)
{
    if (m->open)
        filelines_end(&m->lines);
    m->open = false;
}

void line_macs_drop(struct line_macs *m)
{
    close_file(m);
    m->count = m->first;
    if (m->stored > m->count)
        m->stored = m->count;
}

static bool grow(struct line_macs *m)
{
    size_t capacity = m->capacity == 0 ? FIRST : 2 * m->capacity;
    uint64_t *mac = realloc(m->mac, capacity * sizeof *mac);
    if (mac != NULL)
        m->mac = mac;
    unsigned char *blank = mac != NULL ? realloc(m->blank, capacity) : NULL;
    if (blank == NULL)
        return false;
    m->blank = blank;
    m->capacity = capacity;
    return true;
}

/* Stores the next line, whose number is m->count. */
static void store(struct line_macs *m, struct mac *mac, struct span line)
{
    m->failed = m->failed || mac == NULL || (m->stored == m->capacity && !grow(m));
    if (m->failed)
        return;
    m->mac[m->stored] = mac_of(mac, m->count, line);
    m->blank[m->stored++] = span_is_blank(line);
}

bool line_macs_step(struct line_macs *m, struct mac *mac, size_t *lines, int *error)
{
    struct span line;
    for (size_t bytes = 0; bytes < STEP; bytes += line.len + 64) {
        if (!filelines_next(&m->lines, false, &line)) {
            *error = m->lines.error;
            if (*error != 0) {
                line_macs_drop(m);
                return false;
            }
            close_file(m);
            *lines = m->count - m->first;
            m->first = m->count;
            return false;
        }
        m->count++;
        store(m, mac, line);
    }
    return true;
}

void line_macs_end(struct line_macs *m)
{
    close_file(m);
    free(m->mac);
    free(m->blank);
    *m = (struct line_macs){0};
}
