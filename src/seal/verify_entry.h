/* verify_entry: what audit-verify collects to compare: what is sealed, and what is there. */
#ifndef VERIFY_ENTRY_H
#define VERIFY_ENTRY_H

#include "base/digest.h"
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

/* Adds it under the path; those of one path come out in the order of `order`.  False:
 * spill->reason. */
bool entry_add(struct spill *spill, struct span path, uint64_t order,
               const struct entry_value *value);

#endif
