/* spill: sorts more records than fit into memory.
 *
 * Records are collected in memory; when SPILL_MEMORY bytes are full they are sorted and written to
 * a temporary file as one run, and at the end the runs are merged.  The file is in $TMPDIR (or
 * /tmp), has no name any more, and is about as large as the records. */
#ifndef SPILL_H
#define SPILL_H

#include "base/diag.h"

#include <stdint.h>

enum {
    SPILL_MEMORY = 16 << 20,
    SPILL_KEY_MAX = 8192, /* bytes */
    SPILL_VALUE_MAX = 1024,
};

/* The order: by rank, then by the key's bytes, then by `order`. */
struct spill_record {
    uint64_t rank, order;
    struct span key, value; /* valid until the next call */
};

struct spill_item {
    uint64_t rank;
    uint32_t at; /* offset of the record in the arena */
};

struct spill_run {
    uint64_t from, to; /* in the file: the part not yet read into the buffer */
    char *buffer;
    size_t start, end; /* of the bytes in the buffer that are not consumed yet */
};

struct spill {
    char *arena;
    size_t used;
    struct spill_item *item;
    size_t items, item_capacity;
    size_t next; /* without runs: the next item */
    int fd;      /* -1: nothing was written */
    uint64_t file_size;
    struct spill_run *run;
    size_t runs, run_capacity;
    size_t *heap; /* runs, the one with the least record first */
    size_t heap_size;
    char *buffers;
    size_t buffer_size;
    bool started; /* the first record of the heap was returned */
    struct reason reason;
    bool failed;
};

/* Begins.  False: no memory. */
bool spill_begin(struct spill *spill);

/* Adds a record; it is copied.  False: spill->reason. */
bool spill_add(struct spill *spill, const struct spill_record *record);

/* Ends the adding.  False: spill->reason. */
bool spill_sort(struct spill *spill);

/* The next record in order.  False: there is none, or `failed` is set, with a reason. */
bool spill_next(struct spill *spill, struct spill_record *record);

void spill_end(struct spill *spill);

#endif
