/* buffer: the bytes of a body as they arrive, and a limit on the memory of all bodies together. */
#ifndef BUFFER_H
#define BUFFER_H

#include "base/span.h"

#include <stdatomic.h>

/* Memory that several threads share. */
struct budget {
    atomic_size_t used;
    size_t limit; /* bytes */
};

/* Takes bytes from the budget, or gives them back.  False: fewer are left. */
bool budget_take(struct budget *budget, size_t bytes);
void budget_return(struct budget *budget, size_t bytes);

struct buffer {
    char *bytes;
    size_t len, capacity;
    size_t limit; /* its maximum size */
    struct budget *budget;
};

enum buffer_result {
    BUFFER_GOOD,
    BUFFER_TOO_LARGE, /* above the buffer's limit */
    BUFFER_NO_MEMORY, /* above the budget, or the system has no memory */
};

/* Begins empty; takes no memory. */
void buffer_begin(struct buffer *buffer, size_t limit, struct budget *budget);

/* Makes room for `count` more bytes, without changing len. */
enum buffer_result buffer_reserve(struct buffer *buffer, size_t count);

enum buffer_result buffer_append(struct buffer *buffer, struct span bytes);

/* Frees the bytes and returns the memory to the budget; the buffer is empty then. */
void buffer_free(struct buffer *buffer);

static inline struct span buffer_bytes(const struct buffer *buffer)
{
    return (struct span){buffer->bytes, buffer->len};
}

#endif
