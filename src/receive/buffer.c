#include "config.h"

#include "receive/buffer.h"

#include <stdlib.h>

bool budget_take(struct budget *budget, size_t bytes)
{
    size_t used = atomic_load(&budget->used);
    do
        if (bytes > budget->limit || used > budget->limit - bytes)
            return false;
    while (!atomic_compare_exchange_weak(&budget->used, &used, used + bytes));
    return true;
}

void budget_return(struct budget *budget, size_t bytes)
{
    atomic_fetch_sub(&budget->used, bytes);
}

void buffer_begin(struct buffer *buffer, size_t limit, struct budget *budget)
{
    *buffer = (struct buffer){.limit = limit, .budget = budget};
}

enum buffer_result buffer_reserve(struct buffer *buffer, size_t count)
{
    enum { LEAST = 4096 };
    if (count > buffer->limit - buffer->len)
        return BUFFER_TOO_LARGE;
    if (count <= buffer->capacity - buffer->len)
        return BUFFER_GOOD;
    size_t wanted = buffer->len + count, larger = buffer->capacity + buffer->capacity / 2;
    if (wanted < larger)
        wanted = larger;
    if (wanted < LEAST)
        wanted = LEAST;
    if (!budget_take(buffer->budget, wanted - buffer->capacity))
        return BUFFER_NO_MEMORY;
    char *bytes = realloc(buffer->bytes, wanted);
    if (bytes == NULL) {
        budget_return(buffer->budget, wanted - buffer->capacity);
        return BUFFER_NO_MEMORY;
    }
    buffer->bytes = bytes;
    buffer->capacity = wanted;
    return BUFFER_GOOD;
}

enum buffer_result buffer_append(struct buffer *buffer, struct span bytes)
{
    enum buffer_result result = buffer_reserve(buffer, bytes.len);
    if (result == BUFFER_GOOD && bytes.len > 0) {
        memcpy(buffer->bytes + buffer->len, bytes.at, bytes.len);
        buffer->len += bytes.len;
    }
    return result;
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->bytes);
    budget_return(buffer->budget, buffer->capacity);
    buffer->bytes = NULL;
    buffer->len = buffer->capacity = 0;
}
