/* leaders: how often each key occurs, in bounded memory, and which occur most.
 *
 * Counts are exact up to LEADERS_MOST different keys.  With more, the least frequent keys are
 * dropped whenever the table is full (the lossy counting of Manku and Motwani, 2002): a count is
 * then at most `error` too low, and a key that occurs more than `error` times is never missing. */
#ifndef LEADERS_H
#define LEADERS_H

#include "base/span.h"

#include <stdint.h>

enum {
    LEADERS_MOST = 200000, /* different keys at once */
    LEADERS_TEXT = 200,    /* bytes of a key or a label that are stored */
};

struct leader {
    char *text; /* the key, then its label; neither has a NUL */
    uint32_t hash;
    uint16_t key_len, label_len; /* bytes; no label: only the key is known */
    uint64_t count;              /* occurrences */
    uint64_t failures;           /* … of which so many failed */
};

static inline struct span leader_key(const struct leader *leader)
{
    return (struct span){leader->text, leader->key_len};
}

/* The name for people; empty if only the key is known. */
static inline struct span leader_label(const struct leader *leader)
{
    return (struct span){leader->text + leader->key_len, leader->label_len};
}

struct leaders {
    struct leader *entry; /* an open-addressing hash table */
    size_t size, used;
    uint64_t error; /* counts may be too low by this much */
    uint64_t total; /* occurrences of any key */
};

/* Counts the key; leaders begin zeroed.  The label is stored when the key first occurs, or later if
 * it had none.  False: no memory. */
bool leaders_count(struct leaders *leaders, struct span key, struct span label, bool failed);

/* Writes the leading entries to `leading`, at most `most`: highest count first, equal ones by key.
 * Returns how many.  They are valid until the next leaders_count(). */
size_t leaders_top(const struct leaders *leaders, const struct leader **leading, size_t most);

void leaders_free(struct leaders *leaders);

#endif
