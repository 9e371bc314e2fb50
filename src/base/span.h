/* span: a run of bytes that the span does not own.
 *
 * Spans point into a record, a template or a string literal; they have no NUL at the end and are
 * valid as long as the memory they point to. */
#ifndef SPAN_H
#define SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
    const char *at;
    size_t len; /* bytes */
};

/* The span of a string literal, without its NUL. */
#define SPAN(literal) ((struct span){(literal), sizeof(literal) - 1})

/* The same for static tables, where C requires a constant. */
#define SPAN_INIT(literal)                                                                         \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

/* The bytes from `from` up to, not including, `to`. */
static inline struct span span_between(const char *from, const char *to)
{
    return (struct span){from, (size_t)(to - from)};
}

/* The span of a C string. */
static inline struct span span_of(const char *string)
{
    return (struct span){string, strlen(string)};
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.len == b.len && (b.len == 0 || memcmp(a.at, b.at, b.len) == 0);
}

/* Whether a line has nothing but spaces, tabs and carriage returns: no tool treats it as a
 * record. */
static inline bool span_is_blank(struct span line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.at[i] != ' ' && line.at[i] != '\t' && line.at[i] != '\r')
            return false;
    return true;
}

static inline const char *span_end(struct span s)
{
    return s.at + s.len;
}

#endif
