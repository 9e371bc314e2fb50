#include "config.h"

#include "base/hash.h"
#include "report/leaders.h"

#include <stdlib.h>

enum { LEAST_SIZE = 1024 };

/* The bytes that are stored: whole characters of UTF-8. */
static struct span kept(struct span text)
{
    if (text.len > LEADERS_TEXT) {
        text.len = LEADERS_TEXT;
        while (text.len > 0 && ((unsigned char)text.at[text.len] & 0xc0) == 0x80)
            text.len--;
    }
    return text;
}

/* The entry of the key, or the free one for it. */
static struct leader *find(struct leader *entry, size_t size, struct span key, uint32_t hash)
{
    size_t i = hash & (size - 1);
    while (entry[i].text != NULL &&
           (entry[i].hash != hash || !span_equal(leader_key(&entry[i]), key)))
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
        if (old->text == NULL)
            continue;
        if (old->count <= least) {
            free(old->text);
            continue;
        }
        *find(entry, size, leader_key(old), old->hash) = *old;
        used++;
    }
    free(leaders->entry);
    leaders->entry = entry;
    leaders->size = size;
    leaders->used = used;
    return true;
}

/* Makes room for one more entry. */
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

/* Stores the entry's key and label.  False: no memory. */
static bool store(struct leader *leader, struct span key, struct span label)
{
    label = kept(label);
    char *text = malloc(key.len + label.len + 1);
    if (text == NULL)
        return false;
    memcpy(text, key.at, key.len);
    if (label.len > 0)
        memcpy(text + key.len, label.at, label.len);
    free(leader->text);
    leader->text = text;
    leader->key_len = (uint16_t)key.len;
    leader->label_len = (uint16_t)label.len;
    return true;
}

bool leaders_count(struct leaders *leaders, struct span key, struct span label, bool failed)
{
    key = kept(key);
    uint32_t hash = (uint32_t)hash_span(key);
    leaders->total++;
    struct leader *leader =
        leaders->size > 0 ? find(leaders->entry, leaders->size, key, hash) : NULL;
    if (leader == NULL || leader->text == NULL) {
        if (!make_room(leaders))
            return false;
        leader = find(leaders->entry, leaders->size, key, hash);
        leader->hash = hash;
        if (!store(leader, key, label))
            return false;
        leaders->used++;
    } else if (label.len > 0 && leader->label_len == 0 && !store(leader, key, label)) {
        return false;
    }
    leader->count++;
    leader->failures += failed;
    return true;
}

/* Whether a comes before b. */
static bool leads(const struct leader *a, const struct leader *b)
{
    if (a->count != b->count)
        return a->count > b->count;
    int order = memcmp(a->text, b->text, a->key_len < b->key_len ? a->key_len : b->key_len);
    return order != 0 ? order < 0 : a->key_len < b->key_len;
}

size_t leaders_top(const struct leaders *leaders, const struct leader **leading, size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < leaders->size; i++) {
        const struct leader *leader = &leaders->entry[i];
        if (leader->text == NULL || (count == most && !leads(leader, leading[most - 1])))
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
        free(leaders->entry[i].text);
    free(leaders->entry);
    *leaders = (struct leaders){0};
}
