#include "config.h"

#include "base/options.h"
#include "filter/tally.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>

/* Counted keys; their bytes follow in the same allocation. */
struct tally_node {
    struct tally_count count; /* first, so that nodes and counts compare alike */
    struct tally_node *before;
};

const char *const tally_names[] = {
    [TALLY_EVENT] = "event",   [TALLY_USER] = "user",         [TALLY_ASSET] = "asset",
    [TALLY_RECIPE] = "recipe", [TALLY_CUSTOMER] = "customer", [TALLY_MONTH] = "month",
    [TALLY_DAY] = "day",       [TALLY_STATUS] = "status",     [TALLY_BYS] = NULL,
};

/* The facets whose best value is counted. */
static const enum facet facet_of[TALLY_BYS] = {
    [TALLY_EVENT] = FACET_EVENT,
    [TALLY_USER] = FACET_USER,
    [TALLY_CUSTOMER] = FACET_CUSTOMER,
    [TALLY_STATUS] = FACET_STATUS,
};

bool tally_parse(struct tally *tally, const char *argument, struct reason *reason)
{
    char name[32];
    tally->keys = 0;
    for (const char *at = argument; at != NULL;) {
        const char *comma = strchr(at, ',');
        struct span item = comma != NULL ? span_between(at, comma) : span_of(at);
        if (tally->keys == TALLY_KEYS)
            return reason_set(reason, "more than %d at once", TALLY_KEYS);
        snprintf(name, sizeof name, "%.*s", (int)item.len, item.at);
        int by = options_choice(name, tally_names, reason);
        if (by < 0)
            return false;
        for (size_t i = 0; i < tally->keys; i++)
            if (tally->by[i] == (enum tally_by)by)
                return reason_set(reason, "%s appears twice", name);
        tally->by[tally->keys++] = (enum tally_by)by;
        at = comma != NULL ? comma + 1 : NULL;
    }
    return true;
}

static uint64_t inner_of(enum tally_by by)
{
    switch (by) {
    case TALLY_DAY:
    case TALLY_MONTH:
        return 0;
    case TALLY_ASSET:
    case TALLY_RECIPE:
        return facet_inner(FACET_TYPE) | facet_inner(FACET_ASSET);
    default:
        return facet_inner(facet_of[by]);
    }
}

uint64_t tally_inner(const struct tally *tally)
{
    uint64_t inner = 0;
    for (size_t i = 0; i < tally->keys; i++)
        inner |= inner_of(tally->by[i]);
    return inner;
}

static bool no_memory(struct reason *reason)
{
    return reason_set(reason, "%s", strerror(ENOMEM));
}

/* Makes room for the i-th key, if it is composed. */
static bool reserve_text(struct tally *tally, size_t i, size_t size)
{
    if (size <= tally->text_size[i])
        return true;
    char *grown = realloc(tally->text[i], 2 * size);
    if (grown == NULL)
        return false;
    tally->text[i] = grown;
    tally->text_size[i] = 2 * size;
    return true;
}

static bool facet_key(struct tally *tally, size_t i, const struct event *event, struct span *key,
                      struct reason *reason)
{
    struct facet_values values;
    if (!facet_read(&tally->reader[i], event, facet_of[tally->by[i]], &values, reason))
        return false;
    if (values.count > 0)
        *key = values.value[0].text;
    return true;
}

/* TYPE:ID; with the name if there is no id, the type alone if there is neither.  For a recipe only
 * the id. */
static bool asset_key(struct tally *tally, size_t i, const struct event *event, struct span *key,
                      struct reason *reason)
{
    struct facet_values type, which;
    if (!facet_read(&tally->reader[i], event, FACET_TYPE, &type, reason) ||
        !facet_read(&tally->reader[i], event, FACET_ASSET, &which, reason))
        return false;
    struct span first = type.count > 0 ? type.value[0].text : (struct span){NULL, 0};
    if (tally->by[i] == TALLY_RECIPE) {
        if (span_equal(first, SPAN("Flow")) && which.count > 0)
            *key = which.value[0].text;
        return true;
    }
    if (type.count == 0 || which.count == 0) {
        *key = first;
        return true;
    }
    struct span second = which.value[0].text;
    size_t len = first.len + 1 + second.len;
    if (!reserve_text(tally, i, len))
        return no_memory(reason);
    memcpy(tally->text[i], first.at, first.len);
    tally->text[i][first.len] = ':';
    memcpy(tally->text[i] + first.len + 1, second.at, second.len);
    *key = (struct span){tally->text[i], len};
    return true;
}

/* The date: YYYY-MM-DD, or YYYY-MM. */
static bool date_key(struct tally *tally, size_t i, const struct event *event, struct span *key,
                     struct reason *reason)
{
    enum { SIZE = 64, MONTH = sizeof "YYYY-MM" - 1, DAY = sizeof "YYYY-MM-DD" - 1 };
    struct civil civil;
    if (!zone_event_time(tally->zone, event, &civil, NULL, reason))
        return false;
    if (!reserve_text(tally, i, SIZE))
        return no_memory(reason);
    snprintf(tally->text[i], SIZE, "%04d-%02d-%02d", (int)civil.year, civil.month, civil.day);
    *key = (struct span){tally->text[i], tally->by[i] == TALLY_MONTH ? MONTH : DAY};
    return true;
}

/* Keys in the order of their bytes; a missing key sorts last. */
static int compare_spans(struct span a, struct span b)
{
    if (a.at == NULL || b.at == NULL)
        return (a.at == NULL) - (b.at == NULL);
    int order = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_keys(const void *first, const void *second)
{
    const struct tally_count *a = first, *b = second;
    int order = 0;
    for (size_t i = 0; i < TALLY_KEYS && order == 0; i++)
        order = compare_spans(a->key[i], b->key[i]);
    return order;
}

static int compare_counts(const void *first, const void *second)
{
    const struct tally_count *a = first, *b = second;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return compare_keys(a, b);
}

/* A node with a copy of the keys; NULL: no memory. */
static struct tally_node *make_node(const struct tally_count *count)
{
    size_t size = 0;
    for (size_t i = 0; i < TALLY_KEYS; i++)
        size += count->key[i].len;
    struct tally_node *node = malloc(sizeof *node + size);
    if (node == NULL)
        return NULL;
    *node = (struct tally_node){.count = *count};
    char *to = (char *)(node + 1);
    for (size_t i = 0; i < TALLY_KEYS; i++) {
        struct span *key = &node->count.key[i];
        if (key->at == NULL)
            continue;
        key->at = memcpy(to, key->at, key->len);
        to += key->len;
    }
    return node;
}

/* The count of these keys, which is 0 at first.  NULL: no memory. */
static struct tally_count *find(struct tally *tally, const struct tally_count *wanted)
{
    void *found = tfind(wanted, &tally->root, compare_keys);
    if (found != NULL)
        return *(struct tally_count **)found;
    struct tally_node *node = make_node(wanted);
    if (node == NULL)
        return NULL;
    if (tsearch(node, &tally->root, compare_keys) == NULL) {
        free(node);
        return NULL;
    }
    node->before = tally->last;
    tally->last = node;
    tally->distinct++;
    return &node->count;
}

static bool read_key(struct tally *tally, size_t i, const struct event *event, struct span *key,
                     struct reason *reason)
{
    switch (tally->by[i]) {
    case TALLY_DAY:
    case TALLY_MONTH:
        return date_key(tally, i, event, key, reason);
    case TALLY_ASSET:
    case TALLY_RECIPE:
        return asset_key(tally, i, event, key, reason);
    default:
        return facet_key(tally, i, event, key, reason);
    }
}

bool tally_event(struct tally *tally, const struct event *event, struct reason *reason)
{
    struct tally_count keys = {.count = 0};
    for (size_t i = 0; i < tally->keys; i++)
        if (!read_key(tally, i, event, &keys.key[i], reason))
            return false;
    struct tally_count *count = find(tally, &keys);
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
    for (size_t i = 0; i < TALLY_KEYS; i++) {
        free(tally->text[i]);
        facet_free(&tally->reader[i]);
    }
    *tally = (struct tally){.keys = 0};
}
