/* verify_entry: what audit-verify collects to compare: what is sealed, and what is there.
 *
 * What is sealed goes into an index, which settles the events that are there as they were sealed.
 * For the paths that are left open the seals are read a second time.
 */
#ifndef VERIFY_ENTRY_H
#define VERIFY_ENTRY_H

#include "base/digest.h"
#include "seal/seal_dir.h"
#include "seal/seal_index.h"
#include "seal/spill.h"

enum entry_type {
    ENTRY_SEALED,
    ENTRY_REMOVED, /* its removal was sealed */
    ENTRY_FOUND,   /* a file, or an event that was read */
    ENTRY_LINK,    /* a symbolic link */
    ENTRY_SPECIAL, /* another thing that is no file */
};

struct entry_value {
    unsigned char type;
    bool wanted; /* its absence is a finding */
    unsigned char unused[2];
    uint32_t number; /* of the seal */
    unsigned char digest[DIGEST_SIZE];
};

/* A finding about an event, until all are sorted. */
struct kept_finding {
    unsigned char kind; /* enum finding_kind */
    unsigned char unused[3];
    uint32_t seal; /* 0: none */
    unsigned char expected[DIGEST_SIZE], found[DIGEST_SIZE];
    char detail[96];
};

/* A seal whose entries were noted. */
struct entries_seal {
    uint32_t number;
    bool wanted;
    unsigned char digest[DIGEST_SIZE];
};

struct entries {
    struct seal_index index;   /* what is sealed, as long as there is room */
    struct entries_seal *seal; /* those that have it */
    size_t seals, capacity;
    struct spill spill; /* what else is sealed, and what else is there: a record each; by path, what
                           is sealed before what is there, each in the order it was noted */
    uint64_t order;
};

/* Begins.  False: no memory. */
bool entries_begin(struct entries *entries);

/* Says that an entry of that path will be noted, or settled, soon. */
void entries_expect(const struct entries *entries, struct span path);

/* Notes an event or a removal of the seal with that number.  False: entries->spill.reason. */
bool entries_add_sealed(struct entries *entries, const struct seal_entry *entry, uint32_t number,
                        bool wanted);

/* Notes the seal itself, after its entries.  False: entries->spill.reason. */
bool entries_add_seal(struct entries *entries, uint32_t number, bool wanted,
                      const unsigned char digest[DIGEST_SIZE]);

/* Takes what is there once the seals are noted, digest is NULL if it is no file.  True: it is as it
 * was sealed.  False: it has to be noted.  By any thread. */
bool entries_settle(struct entries *entries, struct span path, const unsigned char *digest);

/* Notes what is there and was not settled.  False: entries->spill.reason. */
bool entries_add_found(struct entries *entries, struct span path, enum entry_type type,
                       const unsigned char *digest);

/* Ends the adding: reads the seals again for the paths that are open, and sorts the spill.  False:
 * entries->spill.reason. */
bool entries_sort(struct entries *entries, const struct seal_dir *dir);

void entries_end(struct entries *entries);

#endif
