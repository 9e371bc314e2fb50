/* verify_entry: the entries that audit-verify compares: those in seals, and those in the archive.
 *
 * Sealed entries are in an index, which settles the events that are as they were sealed.  For the
 * other paths, which stay open, the seals are read a second time. */
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
    ENTRY_SPECIAL, /* another kind that is not a file */
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
    struct seal_index index;   /* sealed entries, as far as there is room */
    struct entries_seal *seal; /* seals whose entries are in it */
    size_t seals, capacity;
    struct spill spill; /* the other sealed entries, and those of the archive, a record each; sorted
                           by path, sealed ones first, each in the order they were noted */
    uint64_t order;
};

/* Begins.  False: no memory. */
bool entries_begin(struct entries *entries);

/* Announces that an entry of that path will be noted, or settled, soon. */
void entries_expect(const struct entries *entries, struct span path);

/* Notes an event or a removal of the seal with that number.  False: entries->spill.reason. */
bool entries_add_sealed(struct entries *entries, const struct seal_entry *entry, uint32_t number,
                        bool wanted);

/* Notes the seal itself, after its entries.  False: entries->spill.reason. */
bool entries_add_seal(struct entries *entries, uint32_t number, bool wanted,
                      const unsigned char digest[DIGEST_SIZE]);

/* Compares an entry of the archive once the seals are noted; digest is NULL if it is not a file.
 * True: it is as it was sealed.  False: it must be noted.  Called by any thread. */
bool entries_settle(struct entries *entries, struct span path, const unsigned char *digest);

/* Notes an entry of the archive that was not settled.  False: entries->spill.reason. */
bool entries_add_found(struct entries *entries, struct span path, enum entry_type type,
                       const unsigned char *digest);

/* Ends the adding: reads the seals again for the open paths, and sorts the spill.  False:
 * entries->spill.reason. */
bool entries_sort(struct entries *entries, const struct seal_dir *dir);

void entries_end(struct entries *entries);

#endif
