#include "config.h"

#include "base/digest.h"
#include "deliver/receipts_reader.h"
#include "deliver/skip.h"

#include <errno.h>
#include <stdlib.h>

enum { LEAST = 1024 };

static struct skip_key make_key(struct span path)
{
    unsigned char digest[DIGEST_SIZE];
    struct skip_key key;
    digest_sha256(path, digest);
    memcpy(key.half, digest, sizeof key.half);
    key.half[1] |= key.half[0] == 0; /* a key differs from the mark of a free slot */
    return key;
}

/* The key's slot, or the free slot for it. */
static struct skip_key *find(const struct skip *skip, const struct skip_key *key)
{
    size_t at = key->half[0] & (skip->capacity - 1);
    while ((skip->key[at].half[0] != 0 || skip->key[at].half[1] != 0) &&
           memcmp(&skip->key[at], key, sizeof *key) != 0)
        at = (at + 1) & (skip->capacity - 1);
    return &skip->key[at];
}

static bool grow(struct skip *skip)
{
    struct skip larger = {.capacity = skip->capacity > 0 ? 2 * skip->capacity : LEAST};
    if ((larger.key = calloc(larger.capacity, sizeof *larger.key)) == NULL)
        return false;
    for (size_t i = 0; i < skip->capacity; i++)
        if (skip->key[i].half[0] != 0 || skip->key[i].half[1] != 0)
            *find(&larger, &skip->key[i]) = skip->key[i];
    free(skip->key);
    larger.count = skip->count;
    *skip = larger;
    return true;
}

static bool add(struct skip *skip, struct span path)
{
    struct skip_key key = make_key(path);
    if (4 * (skip->count + 1) > 3 * skip->capacity && !grow(skip))
        return false;
    struct skip_key *place = find(skip, &key);
    skip->count += memcmp(place, &key, sizeof key) != 0;
    *place = key;
    return true;
}

bool skip_read(struct skip *skip, const char *file, size_t *torn, struct reason *reason)
{
    struct receipts_reader reader;
    struct receipt_read receipt;
    bool added = true;
    if (!receipts_reader_open(&reader, file))
        return reason_set(reason, "%s: %s", file, strerror(errno));
    while (added && receipts_reader_next(&reader, &receipt))
        if (outcome_is_there(receipt.kind) && receipt.path.at != NULL)
            added = add(skip, receipt.path);
    *torn += reader.passed_over;
    bool whole = receipts_reader_close(&reader);
    if (!added)
        return reason_set(reason, "%s: no memory left for its paths", file);
    return whole || reason_set(reason, "%s: %s", file, strerror(errno));
}

bool skip_has(const struct skip *skip, struct span path)
{
    if (skip->count == 0 || path.at == NULL)
        return false;
    struct skip_key key = make_key(path);
    return memcmp(find(skip, &key), &key, sizeof key) == 0;
}

void skip_free(struct skip *skip)
{
    free(skip->key);
    *skip = (struct skip){0};
}
