/* leaders: how often each key occurs, in bounded memory, and which occur most.
 *
 * Counts are exact up to LEADERS_MOST different keys.  With more, the keys that occur least are
 * forgotten whenever the table is full (the lossy counting of Manku and Motwani, 2002): a count is
 * then at most `error` too low, and a key that occurs more than `error` times is never missing.
 */
#ifndef LEADERS_H
#define LEADERS_H

#include "base/span.h"

#include <stdint.h>

enum {
    LEADERS_MOST = 200000, /* different keys at once */
    LEADERS_TEXT = 200,    /* bytes of a key or a label that are kept */
};

struct leader {
    char *text; /* the key, then its label; neither is followed by a NUL */
    uint32_t hash;
    uint16_t key_len, label_len; /* bytes; no label: nothing else is known of the key */
    uint64_t count;              /* occurrences */
    uint64_t failures;           /* … of which with `failed` */
};

static inline struct span leader_key(const struct leader *leader)
{
    return (struct span){leader->text, leader->key_len};
}

/* What people call it; empty if nothing else is known. */
static inline struct span leader_label(const struct leader *leader)
{
    return (struct span){leader->text + leader->key_len, leader->label_len};
}

struct leaders {
    struct leader *entry; /* an open-addressing hash table */
    size_t size, used;
    uint64_t error; /* how much too low a count can be */
    uint64_t total; /* occurrences of any key */
};

/* Counts the key; leaders begin zeroed.  The label is taken when the key is first met, or later if
 * it had none.  False: no memory. */
bool leaders_count(struct leaders *leaders, struct span key, struct span label, bool failed);

/* Writes the leading entries to `leading`, at most `most`: the highest count first, equal ones by
 * key.  Returns how many.  They stay until the next leaders_count(). */
size_t leaders_top(const struct leaders *leaders, const struct leader **leading, size_t most);

void leaders_free(struct leaders *leaders);

#endif
