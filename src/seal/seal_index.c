#include "config.h"

#include "seal/seal_index.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

_Static_assert(SEAL_INDEX_WORD == sizeof(uint32_t), "number_of() takes words of 32 bits");

enum {
    SLOTS_MAX = SEAL_INDEX_MEMORY / sizeof(struct seal_index_slot),
    SLOTS_FIRST = 1024,
};

/* The flags in a slot's state. */
enum {
    WANTED = 1,  /* it must be present */
    REMOVED = 2, /* it must be absent */
    SEEN = 4,    /* it is present, as it was sealed */
    OTHER = 8,   /* something else is present */
    FLAGS = 15,
};

/* The number of the bytes: the upper half of the sum of the length and each 32-bit word times its
 * key; with two keys each.  The first key is added alone. */
static uint64_t number_of(const uint64_t (*key)[2], struct span bytes)
{
    uint64_t high = key[0][0] + key[1][0] * bytes.len, low = key[0][1] + key[1][1] * bytes.len;
    uint32_t word;
    for (key += 2; bytes.len >= sizeof word; key++, bytes.at += sizeof word) {
        memcpy(&word, bytes.at, sizeof word);
        high += key[0][0] * word;
        low += key[0][1] * word;
        bytes.len -= sizeof word;
    }
    if (bytes.len > 0) {
        word = 0;
        memcpy(&word, bytes.at, bytes.len);
        high += key[0][0] * word;
        low += key[0][1] * word;
    }
    return (high & 0xffffffff00000000u) | low >> 32;
}

/* Never 0, which marks a free slot. */
static uint64_t number_of_path(const struct seal_index *index, struct span path)
{
    uint64_t number = number_of(index->path_key, path);
    return number != 0 ? number : 1;
}

static uint64_t number_of_digest(const struct seal_index *index, const unsigned char *digest)
{
    return number_of(index->digest_key, (struct span){(const char *)digest, DIGEST_SIZE}) &
           ~(uint64_t)FLAGS;
}

static bool get_random(void *bytes, size_t size)
{
    return getrandom(bytes, size, 0) == (ssize_t)size;
}

void seal_index_begin(struct seal_index *index)
{
    index->slot = NULL;
    index->slots = index->used = 0;
    index->full = true;
    if (!get_random(index->path_key, sizeof index->path_key) ||
        !get_random(index->digest_key, sizeof index->digest_key))
        return;
    index->slot = calloc(SLOTS_FIRST, sizeof *index->slot);
    if (index->slot == NULL)
        return;
    index->slots = SLOTS_FIRST;
    index->full = false;
}

/* The path's slot, or the free one for it. */
static struct seal_index_slot *find(const struct seal_index_slot *slot, size_t slots, uint64_t path)
{
    size_t at = path & (slots - 1);
    while (slot[at].path != 0 && slot[at].path != path)
        at = (at + 1) & (slots - 1);
    return (struct seal_index_slot *)&slot[at];
}

/* The path's slot; NULL: the path is not in the index. */
static struct seal_index_slot *find_path(const struct seal_index *index, struct span path)
{
    if (index->slots == 0 || path.len > SEAL_PATH_MAX)
        return NULL;
    struct seal_index_slot *slot = find(index->slot, index->slots, number_of_path(index, path));
    return slot->path != 0 ? slot : NULL;
}

/* A table of free slots; NULL: no memory.  Large pages make a lookup, which is a cache miss, twice
 * as fast. */
static struct seal_index_slot *make_slots(size_t slots)
{
    enum { LARGE_PAGE = 2 << 20 };
    size_t size = slots * sizeof(struct seal_index_slot);
    if (size < LARGE_PAGE)
        return calloc(slots, sizeof(struct seal_index_slot));
    struct seal_index_slot *slot = aligned_alloc(LARGE_PAGE, size);
    if (slot == NULL)
        return NULL;
    madvise(slot, size, MADV_HUGEPAGE);
    memset(slot, 0, size);
    return slot;
}

static void copy(struct seal_index_slot *to, const struct seal_index_slot *from)
{
    to->path = from->path;
    atomic_init(&to->state, atomic_load_explicit(&from->state, memory_order_relaxed));
}

/* Doubles the table.  False: it cannot grow. */
static bool grow(struct seal_index *index)
{
    size_t slots = 2 * index->slots;
    struct seal_index_slot *slot = slots <= SLOTS_MAX ? make_slots(slots) : NULL;
    if (slot == NULL)
        return false;
    for (size_t i = 0; i < index->slots; i++)
        if (index->slot[i].path != 0)
            copy(find(slot, slots, index->slot[i].path), &index->slot[i]);
    free(index->slot);
    index->slot = slot;
    index->slots = slots;
    return true;
}

bool seal_index_put(struct seal_index *index, struct span path, const unsigned char *digest,
                    bool wanted)
{
    if (index->slots == 0)
        return false;
    uint64_t number = number_of_path(index, path);
    struct seal_index_slot *slot = find(index->slot, index->slots, number);
    if (slot->path == 0) {
        if (index->full)
            return false;
        if (index->used >= index->slots / 8 * 7) {
            /* After one path was refused, all later ones are: a path has all its entries in one
             * place. */
            index->full = !grow(index);
            if (index->full)
                return false;
            slot = find(index->slot, index->slots, number);
        }
        index->used++;
        slot->path = number;
    }
    atomic_init(&slot->state,
                digest == NULL ? REMOVED : number_of_digest(index, digest) | (wanted ? WANTED : 0));
    return true;
}

void seal_index_expect(const struct seal_index *index, struct span path)
{
    if (index->slots > 0 && path.len <= SEAL_PATH_MAX)
        __builtin_prefetch(&index->slot[number_of_path(index, path) & (index->slots - 1)], 1);
}

bool seal_index_meet(struct seal_index *index, struct span path, const unsigned char *digest)
{
    struct seal_index_slot *slot = find_path(index, path);
    if (slot == NULL)
        return false;
    uint64_t state = atomic_load_explicit(&slot->state, memory_order_relaxed);
    bool same = digest != NULL && !(state & REMOVED) &&
                (state & ~(uint64_t)FLAGS) == number_of_digest(index, digest);
    atomic_fetch_or_explicit(&slot->state, same ? SEEN : OTHER, memory_order_relaxed);
    return same;
}

static bool is_open(const struct seal_index_slot *slot)
{
    uint64_t state = atomic_load_explicit(&slot->state, memory_order_relaxed);
    return (state & OTHER) || (state & (WANTED | SEEN)) == WANTED;
}

bool seal_index_is_open(const struct seal_index *index, struct span path)
{
    const struct seal_index_slot *slot = find_path(index, path);
    return slot != NULL && is_open(slot);
}

bool seal_index_any_open(const struct seal_index *index)
{
    for (size_t i = 0; i < index->slots; i++)
        if (is_open(&index->slot[i]))
            return true;
    return false;
}

void seal_index_end(struct seal_index *index)
{
    free(index->slot);
    index->slot = NULL;
    index->slots = 0;
}
