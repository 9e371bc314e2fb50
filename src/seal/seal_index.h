/* seal_index: the newest entry of each sealed path, in 16 bytes of memory.
 *
 * An event that is present with the sealed bytes is settled by the index; only for the others do
 * the paths have to be sorted and compared (spill.h).  It keeps numbers of 64 and 60 bits for path
 * and digest, made with a random key of this run: multilinear hashing, which is strongly universal,
 * so that two given texts have the same number with a probability of 2^-60, whoever chose them
 * (Lemire and Kaser, "Strongly universal string hashing is fast", 2014). */
#ifndef SEAL_INDEX_H
#define SEAL_INDEX_H

#include "base/digest.h"
#include "seal/seal_path.h"

enum {
    SEAL_INDEX_MEMORY = 32 << 20, /* bytes at most; further paths are refused */
    SEAL_INDEX_WORD = 4,          /* bytes for each key */
};

struct seal_index_slot {
    uint64_t path;          /* 0: the slot is free */
    _Atomic uint64_t state; /* the digest's number, and flags */
};

struct seal_index {
    uint64_t path_key[2 + SEAL_PATH_MAX / SEAL_INDEX_WORD][2];
    uint64_t digest_key[2 + DIGEST_SIZE / SEAL_INDEX_WORD][2];
    struct seal_index_slot *slot;
    size_t slots, used;
    bool full; /* no further path is added */
};

/* Begins.  Without memory or random bytes it refuses all paths. */
void seal_index_begin(struct seal_index *index);

/* Adds a path's entry, which replaces the one before it; digest is NULL if its removal was sealed.
 * `wanted`: if the event is absent the path is open.  False: there is no room for the path, now and
 * later. */
bool seal_index_put(struct seal_index *index, struct span path, const unsigned char *digest,
                    bool wanted);

/* Fetches the path's slot into the processor's cache. */
void seal_index_expect(const struct seal_index *index, struct span path);

/* Compares an existing entry of the archive; digest is NULL if it is not a file.  True: it is as it
 * was sealed.  False: it is not, and the path is open, or the path is not in the index.  Several
 * threads may call this at once, after all calls of seal_index_put(). */
bool seal_index_meet(struct seal_index *index, struct span path, const unsigned char *digest);

/* Whether all of the path's entries must be compared with the archive. */
bool seal_index_is_open(const struct seal_index *index, struct span path);

/* Whether there is such a path. */
bool seal_index_any_open(const struct seal_index *index);

void seal_index_end(struct seal_index *index);

#endif
