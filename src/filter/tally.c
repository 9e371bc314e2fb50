#include "config.h"

#include "filter/tally.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>

/* A key that was met; its bytes follow in the same piece of memory. */
struct tally_node {
    struct tally_count count; /* first, so that keys are compared alike in tree and array */
    struct tally_node *before;
};

static const char *const names[TALLY_BYS] = {
    [TALLY_EVENT] = "event",       [TALLY_USER] = "user", [TALLY_ASSET] = "asset",
    [TALLY_CUSTOMER] = "customer", [TALLY_DAY] = "day",   [TALLY_STATUS] = "status",
};

/* What is counted by the best value of one facet. */
static const enum facet facet_of[TALLY_BYS] = {
    [TALLY_EVENT] = FACET_EVENT,
    [TALLY_USER] = FACET_USER,
    [TALLY_CUSTOMER] = FACET_CUSTOMER,
    [TALLY_STATUS] = FACET_STATUS,
};

const char *tally_name(enum tally_by by)
{
    return names[by];
}

enum tally_by tally_by(const char *name)
{
    for (enum tally_by by = TALLY_EVENT; by < TALLY_BYS; by++)
        if (strcmp(name, names[by]) == 0)
            return by;
    return TALLY_NONE;
}

uint64_t tally_inner(enum tally_by by)
{
    switch (by) {
    case TALLY_NONE:
    case TALLY_DAY:
        return 0;
    case TALLY_ASSET:
        return facet_inner(FACET_TYPE) | facet_inner(FACET_ASSET);
    default:
        return facet_inner(facet_of[by]);
    }
}

static bool no_memory(struct reason *reason)
{
    return reason_set(reason, "%s", strerror(ENOMEM));
}

static bool reserve_key(struct tally *tally, size_t size)
{
    if (size <= tally->key_size)
        return true;
    char *grown = realloc(tally->key, 2 * size);
    if (grown == NULL)
        return false;
    tally->key = grown;
    tally->key_size = 2 * size;
    return true;
}

static bool facet_key(struct tally *tally, const struct event *event, struct span *key,
                      struct reason *reason)
{
    struct facet_values values;
    if (!facet_read(&tally->reader, event, facet_of[tally->by], &values, reason))
        return false;
    if (values.count > 0)
        *key = values.value[0].text;
    return true;
}

/* TYPE:ID; a name where there is no id, the type alone where there is neither. */
static bool asset_key(struct tally *tally, const struct event *event, struct span *key,
                      struct reason *reason)
{
    struct facet_values type, which;
    if (!facet_read(&tally->reader, event, FACET_TYPE, &type, reason) ||
        !facet_read(&tally->reader, event, FACET_ASSET, &which, reason))
        return false;
    if (type.count == 0 || which.count == 0) {
        *key = type.count > 0 ? type.value[0].text : *key;
        return true;
    }
    struct span first = type.value[0].text, second = which.value[0].text;
    size_t len = first.len + 1 + second.len;
    if (!reserve_key(tally, len))
        return no_memory(reason);
    memcpy(tally->key, first.at, first.len);
    tally->key[first.len] = ':';
    memcpy(tally->key + first.len + 1, second.at, second.len);
    *key = (struct span){tally->key, len};
    return true;
}

static bool day_key(struct tally *tally, const struct event *event, struct span *key,
                    struct reason *reason)
{
    enum { SIZE = 64 };
    struct timestamp time;
    if (!event_time(event, &time, reason))
        return false;
    if (!reserve_key(tally, SIZE))
        return no_memory(reason);
    struct civil civil = timestamp_civil(time.seconds, 0);
    int len = snprintf(tally->key, SIZE, "%04d-%02d-%02d", (int)civil.year, civil.month, civil.day);
    *key = (struct span){tally->key, (size_t)len};
    return true;
}

/* Keys in the order of their bytes; no key after all others. */
static int compare_keys(const void *first, const void *second)
{
    const struct tally_count *a = first, *b = second;
    if (a->key.at == NULL || b->key.at == NULL)
        return (a->key.at == NULL) - (b->key.at == NULL);
    int order = memcmp(a->key.at, b->key.at, a->key.len < b->key.len ? a->key.len : b->key.len);
    return order != 0 ? order : (a->key.len > b->key.len) - (a->key.len < b->key.len);
}

static int compare_counts(const void *first, const void *second)
{
    const struct tally_count *a = first, *b = second;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return compare_keys(a, b);
}

/* The count of that key, which is 0 when it is first met. */
static struct tally_count *find(struct tally *tally, struct span key)
{
    struct tally_count wanted = {key, 0};
    void *found = tfind(&wanted, &tally->root, compare_keys);
    if (found != NULL)
        return *(struct tally_count **)found;
    struct tally_node *node = malloc(sizeof *node + key.len);
    if (node == NULL)
        return NULL;
    *node = (struct tally_node){.before = tally->last};
    if (key.at != NULL)
        node->count.key = (struct span){memcpy(node + 1, key.at, key.len), key.len};
    if (tsearch(node, &tally->root, compare_keys) == NULL) {
        free(node);
        return NULL;
    }
    tally->last = node;
    tally->distinct++;
    return &node->count;
}

bool tally_event(struct tally *tally, const struct event *event, struct reason *reason)
{
    struct span key = {NULL, 0};
    bool read = tally->by == TALLY_DAY     ? day_key(tally, event, &key, reason)
                : tally->by == TALLY_ASSET ? asset_key(tally, event, &key, reason)
                                           : facet_key(tally, event, &key, reason);
    if (!read)
        return false;
    struct tally_count *count = find(tally, key);
    if (count == NULL)
        return no_memory(reason);
    count->count++;
    return true;
}

bool tally_finish(struct tally *tally)
{
    size_t i = 0;
    tally->counts = calloc(tally->distinct + 1, sizeof *tally->counts);
    if (tally->counts == NULL)
        return false;
    for (const struct tally_node *node = tally->last; node != NULL; node = node->before)
        tally->counts[i++] = node->count;
    qsort(tally->counts, tally->distinct, sizeof *tally->counts, compare_counts);
    return true;
}

void tally_free(struct tally *tally)
{
    tdestroy(tally->root, free);
    free(tally->counts);
    free(tally->key);
    facet_free(&tally->reader);
    *tally = (struct tally){.by = TALLY_NONE};
}
