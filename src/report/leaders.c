#include "config.h"

#include "report/leaders.h"

#include <stdlib.h>

enum { LEAST_SIZE = 1024 };

/* A word of the key, mixed into the hash. */
static inline uint64_t mix(uint64_t hash, const char *at, size_t len)
{
    uint64_t word = 0;
    memcpy(&word, at, len);
    hash = (hash ^ word) * 0x9e3779b97f4a7c15;
    return hash ^ hash >> 29;
}

static uint32_t hash_of(struct span key)
{
    uint64_t hash = key.len;
    for (; key.len > sizeof hash; key.at += sizeof hash, key.len -= sizeof hash)
        hash = mix(hash, key.at, sizeof hash);
    for (; key.len > 0; key.at++, key.len--)
        hash = (hash ^ (unsigned char)*key.at) * 0x100000001b3;
    return (uint32_t)(hash ^ hash >> 32);
}

/* The bytes that are kept: whole characters of UTF-8, no NUL. */
static struct span kept(struct span text)
{
    const char *nul = memchr(text.at, '\0', text.len);
    if (nul != NULL)
        text.len = (size_t)(nul - text.at);
    if (text.len > LEADERS_TEXT) {
        text.len = LEADERS_TEXT;
        while (text.len > 0 && ((unsigned char)text.at[text.len] & 0xc0) == 0x80)
            text.len--;
    }
    return text;
}

/* The entry of the key, or the free one where it belongs. */
static struct leader *find(struct leader *entry, size_t size, struct span key, uint32_t hash)
{
    size_t i = hash & (size - 1);
    while (entry[i].key != NULL && (entry[i].hash != hash || entry[i].len != key.len ||
                                    memcmp(entry[i].key, key.at, key.len) != 0))
        i = (i + 1) & (size - 1);
    return &entry[i];
}

/* Moves the entries whose count is above `least` to a table of that size. */
static bool rebuild(struct leaders *leaders, size_t size, uint64_t least)
{
    struct leader *entry = calloc(size, sizeof *entry);
    if (entry == NULL)
        return false;
    size_t used = 0;
    for (size_t i = 0; i < leaders->size; i++) {
        const struct leader *old = &leaders->entry[i];
        if (old->key == NULL)
            continue;
        if (old->count <= least) {
            free(old->key);
            continue;
        }
        *find(entry, size, (struct span){old->key, old->len}, old->hash) = *old;
        used++;
    }
    free(leaders->entry);
    leaders->entry = entry;
    leaders->size = size;
    leaders->used = used;
    return true;
}

/* Makes room for one entry more. */
static bool make_room(struct leaders *leaders)
{
    while (leaders->used >= LEADERS_MOST) {
        leaders->error++;
        if (!rebuild(leaders, leaders->size, leaders->error))
            return false;
    }
    if (leaders->used < leaders->size / 2)
        return true;
    return rebuild(leaders, leaders->size == 0 ? LEAST_SIZE : 2 * leaders->size, 0);
}

/* Gives the entry its key and its label, which are kept in one piece of memory.  False: no memory.
 */
static bool store(struct leader *leader, struct span key, struct span label)
{
    label = label.len > 0 ? kept(label) : SPAN("");
    char *text = malloc(key.len + label.len + 2);
    if (text == NULL)
        return false;
    memcpy(text, key.at, key.len);
    text[key.len] = '\0';
    memcpy(text + key.len + 1, label.at, label.len);
    text[key.len + 1 + label.len] = '\0';
    free(leader->key);
    leader->key = text;
    leader->label = text + key.len + 1;
    return true;
}

bool leaders_count(struct leaders *leaders, struct span key, struct span label, bool failed)
{
    key = kept(key);
    uint32_t hash = hash_of(key);
    leaders->total++;
    struct leader *leader =
        leaders->size > 0 ? find(leaders->entry, leaders->size, key, hash) : NULL;
    if (leader == NULL || leader->key == NULL) {
        if (!make_room(leaders))
            return false;
        leader = find(leaders->entry, leaders->size, key, hash);
        leader->hash = hash;
        leader->len = (uint32_t)key.len;
        if (!store(leader, key, label))
            return false;
        leaders->used++;
    } else if (label.len > 0 && *leader->label == '\0' && !store(leader, key, label)) {
        return false;
    }
    leader->count++;
    leader->failures += failed;
    return true;
}

/* Whether a comes before b. */
static bool leads(const struct leader *a, const struct leader *b)
{
    return a->count != b->count ? a->count > b->count : strcmp(a->key, b->key) < 0;
}

size_t leaders_top(const struct leaders *leaders, const struct leader **leading, size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < leaders->size; i++) {
        const struct leader *leader = &leaders->entry[i];
        if (leader->key == NULL || (count == most && !leads(leader, leading[most - 1])))
            continue;
        size_t place = count < most ? count++ : most - 1;
        for (; place > 0 && leads(leader, leading[place - 1]); place--)
            leading[place] = leading[place - 1];
        leading[place] = leader;
    }
    return count;
}

void leaders_free(struct leaders *leaders)
{
    for (size_t i = 0; i < leaders->size; i++)
        free(leaders->entry[i].key);
    free(leaders->entry);
    *leaders = (struct leaders){0};
}
