/* fuzz: the common parts of the fuzz targets.
 *
 * Each target is one function over some bytes, in the form that libFuzzer calls:
 * with clang -fsanitize=fuzzer, or afl-clang-fast likewise, its file is a fuzzer; with standalone.c
 * it runs over files, which is how the saved corpus is part of the test suite. */
#ifndef FUZZ_H
#define FUZZ_H

#include "base/span.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program if the condition is false. */
#define HOLDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Memory of exactly that size, so that a sanitizer notices an access beyond it; to be freed. */
static inline char *fuzz_memory(size_t size)
{
    char *memory = malloc(size > 0 ? size : 1);
    HOLDS(memory != NULL);
    return memory;
}

static inline char *fuzz_copy(struct span bytes)
{
    char *copy = fuzz_memory(bytes.len);
    if (bytes.len > 0)
        memcpy(copy, bytes.at, bytes.len);
    return copy;
}

/* The same with a NUL after it. */
static inline char *fuzz_string(struct span bytes)
{
    char *copy = fuzz_memory(bytes.len + 1);
    if (bytes.len > 0)
        memcpy(copy, bytes.at, bytes.len);
    copy[bytes.len] = '\0';
    return copy;
}

/* Whether a terminal only displays the text: it has no control character, including those of ISO
 * 8859-1. */
static inline bool fuzz_is_tame(const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text, next = (unsigned char)text[1];
        if (byte < 0x20 || byte == 0x7f || (byte == 0xc2 && next >= 0x80 && next < 0xa0))
            return false;
    }
    return true;
}

/* Takes the first byte as a number; 0 if there is none. */
static inline uint8_t fuzz_byte(struct span *bytes)
{
    if (bytes->len == 0)
        return 0;
    bytes->len--;
    return (uint8_t)*bytes->at++;
}

/* Takes the bytes up to the first NUL, which is skipped; all if there is none. */
static inline struct span fuzz_field(struct span *bytes)
{
    const char *nul = bytes->len > 0 ? memchr(bytes->at, '\0', bytes->len) : NULL;
    struct span field = *bytes;
    if (nul != NULL)
        field.len = (size_t)(nul - bytes->at);
    bytes->at += field.len + (nul != NULL);
    bytes->len -= field.len + (nul != NULL);
    return field;
}

#endif
