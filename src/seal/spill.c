#include "config.h"

#include "base/read_all.h"
#include "seal/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A record in the arena and in a run: this, the key, the value. */
struct header {
    uint64_t rank, order;
    uint16_t key_len, value_len;
    uint32_t unused; /* so that no byte of it is uninitialized */
};

enum {
    RECORD_MAX = sizeof(struct header) + SPILL_KEY_MAX + SPILL_VALUE_MAX,
    WRITE_SIZE = 256 << 10,
};

static bool fail(struct spill *spill, const char *what)
{
    spill->failed = true;
    return reason_set(&spill->reason, "%s: %s", what, strerror(errno));
}

static bool fail_memory(struct spill *spill)
{
    spill->failed = true;
    return reason_set(&spill->reason, "%s", strerror(ENOMEM));
}

bool spill_begin(struct spill *spill)
{
    *spill = (struct spill){.fd = -1};
    spill->arena = malloc(SPILL_MEMORY);
    return spill->arena != NULL;
}

/* Reads the record at `at`; returns its length. */
static size_t get(const char *at, struct spill_record *record)
{
    struct header header;
    memcpy(&header, at, sizeof header);
    at += sizeof header;
    record->rank = header.rank;
    record->order = header.order;
    record->key = (struct span){at, header.key_len};
    record->value = (struct span){at + header.key_len, header.value_len};
    return sizeof header + header.key_len + header.value_len;
}

static int compare(const struct spill_record *a, const struct spill_record *b)
{
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    size_t least = a->key.len < b->key.len ? a->key.len : b->key.len;
    int order = least > 0 ? memcmp(a->key.at, b->key.at, least) : 0;
    if (order != 0)
        return order;
    if (a->key.len != b->key.len)
        return a->key.len < b->key.len ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

static int compare_items(const void *a, const void *b, void *arena)
{
    const struct spill_item *left = a, *right = b;
    struct spill_record x, y;
    if (left->rank != right->rank)
        return left->rank < right->rank ? -1 : 1;
    get((char *)arena + left->at, &x);
    get((char *)arena + right->at, &y);
    return compare(&x, &y);
}

/* Sorts by one byte of the rank; items with the same byte keep their order. */
static void sort_by_byte(const struct spill_item *from, struct spill_item *to, size_t items,
                         unsigned shift)
{
    size_t place[256] = {0}, sum = 0;
    for (size_t i = 0; i < items; i++)
        place[from[i].rank >> shift & 0xff]++;
    for (size_t i = 0; i < 256; i++) {
        size_t count = place[i];
        place[i] = sum;
        sum += count;
    }
    for (size_t i = 0; i < items; i++)
        to[place[from[i].rank >> shift & 0xff]++] = from[i];
}

/* Sorts by rank, byte by byte, which takes a fraction of the time of comparisons.  False: no memory
 * for it. */
static bool sort_by_rank(struct spill *spill)
{
    struct spill_item *other = malloc(spill->items * sizeof *other);
    if (other == NULL)
        return false;
    for (unsigned shift = 0; shift < 64; shift += 16) {
        sort_by_byte(spill->item, other, spill->items, shift);
        sort_by_byte(other, spill->item, spill->items, shift + 8);
    }
    free(other);
    return true;
}

static void sort_items(struct spill *spill)
{
    size_t end, items = spill->items;
    if (items < 2)
        return;
    bool ranked = sort_by_rank(spill);
    for (size_t begin = 0; begin < items; begin = end) {
        end = ranked ? begin + 1 : items;
        while (end < items && spill->item[end].rank == spill->item[begin].rank)
            end++;
        if (end - begin > 1)
            qsort_r(spill->item + begin, end - begin, sizeof *spill->item, compare_items,
                    spill->arena);
    }
}

/* Opens the temporary file, which no other process can open. */
static bool open_file(struct spill *spill)
{
    const char *directory = getenv("TMPDIR");
    char name[4096];
    if (directory == NULL || directory[0] == '\0')
        directory = "/tmp";
    if ((size_t)snprintf(name, sizeof name, "%s/audit-verify.XXXXXX", directory) >= sizeof name) {
        errno = ENAMETOOLONG;
        return fail(spill, "$TMPDIR");
    }
    spill->fd = mkostemp(name, O_CLOEXEC);
    if (spill->fd < 0)
        return fail(spill, name);
    unlink(name);
    return true;
}

static bool write_bytes(struct spill *spill, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = pwrite(spill->fd, bytes, len, (off_t)spill->file_size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(spill, "temporary file ($TMPDIR)");
        bytes += n;
        len -= (size_t)n;
        spill->file_size += (uint64_t)n;
    }
    return true;
}

/* Writes the items in their order. */
static bool write_items(struct spill *spill)
{
    char *buffer = malloc(WRITE_SIZE);
    struct spill_record record;
    size_t used = 0;
    bool good = buffer != NULL || fail_memory(spill);
    for (size_t i = 0; i < spill->items && good; i++) {
        const char *at = spill->arena + spill->item[i].at;
        size_t len = get(at, &record);
        if (len > WRITE_SIZE - used) {
            good = write_bytes(spill, buffer, used);
            used = 0;
        }
        memcpy(buffer + used, at, len);
        used += len;
    }
    good = good && write_bytes(spill, buffer, used);
    free(buffer);
    return good;
}

/* Writes the records in memory as a run. */
static bool write_run(struct spill *spill)
{
    if (spill->fd < 0 && !open_file(spill))
        return false;
    if (spill->runs == spill->run_capacity) {
        size_t capacity = spill->run_capacity > 0 ? 2 * spill->run_capacity : 16;
        struct spill_run *run = realloc(spill->run, capacity * sizeof *run);
        if (run == NULL)
            return fail_memory(spill);
        spill->run = run;
        spill->run_capacity = capacity;
    }
    uint64_t from = spill->file_size;
    sort_items(spill);
    if (!write_items(spill))
        return false;
    spill->run[spill->runs++] = (struct spill_run){.from = from, .to = spill->file_size};
    spill->items = spill->used = 0;
    return true;
}

static bool add_item(struct spill *spill, uint64_t rank)
{
    if (spill->items == spill->item_capacity) {
        size_t capacity = spill->item_capacity > 0 ? 2 * spill->item_capacity : 1024;
        struct spill_item *item = realloc(spill->item, capacity * sizeof *item);
        if (item == NULL)
            return fail_memory(spill);
        spill->item = item;
        spill->item_capacity = capacity;
    }
    spill->item[spill->items++] = (struct spill_item){rank, (uint32_t)spill->used};
    return true;
}

bool spill_add(struct spill *spill, const struct spill_record *record)
{
    struct header header = {record->rank, record->order, (uint16_t)record->key.len,
                            (uint16_t)record->value.len, 0};
    size_t len = sizeof header + record->key.len + record->value.len;
    if (spill->failed)
        return false;
    if (record->key.len > SPILL_KEY_MAX || record->value.len > SPILL_VALUE_MAX) {
        errno = ENAMETOOLONG;
        return fail(spill, "a path");
    }
    if (len > SPILL_MEMORY - spill->used && !write_run(spill))
        return false;
    if (!add_item(spill, record->rank))
        return false;
    char *to = spill->arena + spill->used;
    memcpy(to, &header, sizeof header);
    if (record->key.len > 0)
        memcpy(to + sizeof header, record->key.at, record->key.len);
    if (record->value.len > 0)
        memcpy(to + sizeof header + record->key.len, record->value.at, record->value.len);
    spill->used += len;
    return true;
}

/* Makes sure that the buffer has the run's next record.  False: the run is at its end, or reading
 * failed. */
static bool fill(struct spill *spill, struct spill_run *run)
{
    size_t rest = run->end - run->start;
    if (rest >= RECORD_MAX || (rest > 0 && run->from == run->to))
        return true;
    memmove(run->buffer, run->buffer + run->start, rest);
    run->start = 0;
    run->end = rest;
    size_t room = spill->buffer_size - rest;
    if (room > run->to - run->from)
        room = (size_t)(run->to - run->from);
    ssize_t n = read_at(spill->fd, run->buffer + rest, room, (off_t)run->from);
    if (n >= 0 && (size_t)n < room)
        errno = EIO;
    if (n < 0 || (size_t)n < room)
        return fail(spill, "temporary file ($TMPDIR)");
    run->end += room;
    run->from += room;
    return run->end > 0;
}

static bool is_before(const struct spill *spill, size_t a, size_t b)
{
    struct spill_record x, y;
    get(spill->run[a].buffer + spill->run[a].start, &x);
    get(spill->run[b].buffer + spill->run[b].start, &y);
    return compare(&x, &y) < 0;
}

static void sift_down(struct spill *spill, size_t at)
{
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < spill->heap_size; child++)
            if (is_before(spill, spill->heap[child], spill->heap[least]))
                least = child;
        if (least == at)
            return;
        size_t other = spill->heap[at];
        spill->heap[at] = spill->heap[least];
        spill->heap[least] = other;
        at = least;
    }
}

/* Gives each run its buffer, in the arena's memory, and makes the heap. */
static bool begin_merge(struct spill *spill)
{
    free(spill->arena);
    free(spill->item);
    spill->arena = NULL;
    spill->item = NULL;
    spill->items = spill->item_capacity = 0;
    spill->buffer_size = SPILL_MEMORY / spill->runs;
    if (spill->buffer_size < 2 * RECORD_MAX)
        spill->buffer_size = 2 * RECORD_MAX;
    spill->buffers = malloc(spill->runs * spill->buffer_size);
    spill->heap = malloc(spill->runs * sizeof *spill->heap);
    if (spill->buffers == NULL || spill->heap == NULL)
        return fail_memory(spill);
    for (size_t i = 0; i < spill->runs; i++) {
        spill->run[i].buffer = spill->buffers + i * spill->buffer_size;
        if (fill(spill, &spill->run[i]))
            spill->heap[spill->heap_size++] = i;
        else if (spill->failed)
            return false;
    }
    for (size_t i = spill->heap_size; i > 0; i--)
        sift_down(spill, i - 1);
    return true;
}

bool spill_sort(struct spill *spill)
{
    if (spill->failed)
        return false;
    if (spill->runs > 0)
        return (spill->items == 0 || write_run(spill)) && begin_merge(spill);
    sort_items(spill);
    return true;
}

/* Removes the record that was returned last from its run. */
static bool consume(struct spill *spill)
{
    struct spill_record record;
    struct spill_run *run = &spill->run[spill->heap[0]];
    run->start += get(run->buffer + run->start, &record);
    if (!fill(spill, run)) {
        if (spill->failed)
            return false;
        spill->heap[0] = spill->heap[--spill->heap_size];
    }
    if (spill->heap_size > 0)
        sift_down(spill, 0);
    return true;
}

bool spill_next(struct spill *spill, struct spill_record *record)
{
    if (spill->failed)
        return false;
    if (spill->runs == 0) {
        if (spill->next == spill->items)
            return false;
        get(spill->arena + spill->item[spill->next++].at, record);
        return true;
    }
    if (spill->started && !consume(spill))
        return false;
    spill->started = true;
    if (spill->heap_size == 0)
        return false;
    get(spill->run[spill->heap[0]].buffer + spill->run[spill->heap[0]].start, record);
    return true;
}

void spill_end(struct spill *spill)
{
    free(spill->arena);
    free(spill->item);
    free(spill->run);
    free(spill->heap);
    free(spill->buffers);
    if (spill->fd >= 0)
        close(spill->fd);
    *spill = (struct spill){.fd = -1};
}
