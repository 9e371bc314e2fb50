#include "config.h"

#include "base/hash.h"
#include "seal/verify_entry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

static bool add(struct entries *e, struct span path, uint64_t order,
                const struct entry_value *value)
{
    /* The order in which paths are compared does not matter, and numbers sort faster. */
    struct spill_record record = {.rank = hash_span(path),
                                  .order = order,
                                  .key = path,
                                  .value = {(const char *)value, sizeof *value}};
    return spill_add(&e->spill, &record);
}

static struct span path_of(const struct seal_entry *entry)
{
    return (struct span){entry->path, entry->path_len};
}

bool entries_begin(struct entries *e)
{
    *e = (struct entries){.order = 0};
    seal_index_begin(&e->index);
    return spill_begin(&e->spill);
}

void entries_expect(const struct entries *e, struct span path)
{
    seal_index_expect(&e->index, path);
}

static bool spill_sealed(struct entries *e, const struct seal_entry *entry, uint32_t number,
                         bool wanted)
{
    struct entry_value value = {
        .type = entry->removed ? ENTRY_REMOVED : ENTRY_SEALED, .wanted = wanted, .number = number};
    if (!entry->removed)
        memcpy(value.digest, entry->digest, DIGEST_SIZE);
    return add(e, path_of(entry), e->order++, &value);
}

bool entries_add_sealed(struct entries *e, const struct seal_entry *entry, uint32_t number,
                        bool wanted)
{
    return seal_index_put(&e->index, path_of(entry), entry->removed ? NULL : entry->digest,
                          wanted) ||
           spill_sealed(e, entry, number, wanted);
}

bool entries_add_seal(struct entries *e, uint32_t number, bool wanted,
                      const unsigned char digest[DIGEST_SIZE])
{
    if (e->seals == e->capacity) {
        size_t capacity = e->capacity > 0 ? 2 * e->capacity : 64;
        struct entries_seal *seal = realloc(e->seal, capacity * sizeof *seal);
        if (seal == NULL)
            return reason_set(&e->spill.reason, "%s", strerror(ENOMEM));
        e->seal = seal;
        e->capacity = capacity;
    }
    struct entries_seal *seal = &e->seal[e->seals++];
    seal->number = number;
    seal->wanted = wanted;
    memcpy(seal->digest, digest, DIGEST_SIZE);
    return true;
}

bool entries_settle(struct entries *e, struct span path, const unsigned char *digest)
{
    return seal_index_meet(&e->index, path, digest);
}

bool entries_add_found(struct entries *e, struct span path, enum entry_type type,
                       const unsigned char *digest)
{
    static const uint64_t after_sealed = (uint64_t)1 << 63;
    struct entry_value value = {.type = (unsigned char)type};
    if (digest != NULL)
        memcpy(value.digest, digest, DIGEST_SIZE);
    return add(e, path, after_sealed + e->order++, &value);
}

/* Loads the bytes of a noted seal.  False with a reason. */
static bool load(const struct seal_dir *dir, const struct entries_seal *seal, struct span *bytes,
                 struct reason *reason)
{
    char name[SEAL_NAME_MAX];
    unsigned char digest[DIGEST_SIZE];
    seal_name(seal->number, ".sha256", name);
    enum seal_load loaded = seal_dir_load(dir, name, bytes, reason);
    if (loaded == SEAL_ABSENT) /* it had not been published yet */
        loaded = seal_dir_load(dir, SEAL_PENDING, bytes, reason);
    if (loaded == SEAL_UNREADABLE)
        return false;
    if (loaded == SEAL_LOADED) {
        digest_sha256(*bytes, digest);
        if (memcmp(digest, seal->digest, DIGEST_SIZE) == 0)
            return true;
        free((char *)bytes->at);
    }
    return reason_set(reason, "%s/%s: it changed while it was checked; check again", dir->name,
                      name);
}

/* Adds the entries of the open paths. */
static bool add_open(struct entries *e, const struct entries_seal *seal, struct span bytes)
{
    struct seal_reader reader;
    struct seal_entry entry;
    enum seal_item item;
    bool good = true;
    if (!seal_read(&reader, bytes))
        return true;
    while (good && (item = seal_next(&reader, &entry)) < SEAL_END)
        if (item != SEAL_PREVIOUS && seal_index_is_open(&e->index, path_of(&entry)))
            good = spill_sealed(e, &entry, seal->number, seal->wanted);
    return good;
}

bool entries_sort(struct entries *e, const struct seal_dir *dir)
{
    bool open = seal_index_any_open(&e->index), good = true;
    for (size_t i = 0; i < e->seals && open && good; i++) {
        struct span bytes;
        if (!load(dir, &e->seal[i], &bytes, &e->spill.reason))
            return false;
        good = add_open(e, &e->seal[i], bytes);
        free((char *)bytes.at);
    }
    return good && spill_sort(&e->spill);
}

void entries_end(struct entries *e)
{
    seal_index_end(&e->index);
    free(e->seal);
    spill_end(&e->spill);
}
