#include "config.h"

#include "base/read_all.h"
#include "spool/filelines.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { BLOCK = 256 * 1024 };

void filelines_begin(struct filelines *lines, int fd)
{
    *lines = (struct filelines){.fd = fd};
}

void filelines_end(struct filelines *lines)
{
    free(lines->buffer);
    lines->buffer = NULL;
}

/* Makes room for a block after the bytes read so far. */
static bool make_room(struct filelines *lines)
{
    if (lines->start > 0) {
        memmove(lines->buffer, lines->buffer + lines->start, lines->end - lines->start);
        lines->end -= lines->start;
        lines->start = 0;
    }
    if (lines->capacity - lines->end >= BLOCK)
        return true;
    size_t capacity = lines->capacity == 0 ? 2 * BLOCK : 2 * lines->capacity;
    char *buffer = realloc(lines->buffer, capacity);
    if (buffer == NULL) {
        lines->error = ENOMEM;
        return false;
    }
    lines->buffer = buffer;
    lines->capacity = capacity;
    return true;
}

/* Reads more.  False: the end, or an error. */
static bool fill(struct filelines *lines)
{
    if (!make_room(lines))
        return false;
    ssize_t n = read_at(lines->fd, lines->buffer + lines->end, lines->capacity - lines->end,
                        (off_t)lines->position);
    if (n < 0)
        lines->error = errno;
    if (n <= 0)
        return false;
    lines->end += (size_t)n;
    lines->position += n;
    return true;
}

bool filelines_next(struct filelines *lines, bool whole, struct span *line)
{
    size_t scanned = 0;
    if (lines->error != 0)
        return false;
    for (;;) {
        size_t len = lines->end - lines->start;
        const char *from = lines->buffer + lines->start;
        const char *newline = len > scanned ? memchr(from + scanned, '\n', len - scanned) : NULL;
        if (newline != NULL) {
            *line = span_between(from, newline);
            lines->start += line->len + 1;
            lines->line++;
            return true;
        }
        scanned = len;
        if (fill(lines))
            continue;
        if (lines->error != 0 || len == 0 || whole)
            return false;
        *line = (struct span){lines->buffer + lines->start, len};
        lines->start = lines->end;
        lines->line++;
        return true;
    }
}

int64_t filelines_offset(const struct filelines *lines, struct span line)
{
    return lines->position - (int64_t)lines->end + (line.at - lines->buffer);
}
