/* finding: what audit-verify found, as a line of text or NDJSON. */
#ifndef FINDING_H
#define FINDING_H

#include "base/digest.h"
#include "base/out.h"

#include <stdint.h>

enum finding_kind {
    /* Of an event. */
    FINDING_CHANGED,     /* other bytes than were sealed */
    FINDING_MISSING,     /* sealed, and not there */
    FINDING_NOT_SEALED,  /* there, and in no seal */
    FINDING_NOT_REMOVED, /* there, although its removal was sealed */
    FINDING_NOT_A_FILE,  /* a link or the like in place of a file */
    /* Of a seal. */
    FINDING_MISSING_SEAL,
    FINDING_BAD_SEAL, /* its text is not that of the seal of that number */
    FINDING_BAD_SIGNATURE,
    FINDING_UNKNOWN_KEY,  /* signed by a key that was not given */
    FINDING_CHAIN_BROKEN, /* it names another seal before it than the one that is there */
    FINDING_GAP,          /* for too long no seal was made */
    FINDING_BAD_STAMP,
    FINDING_NOT_STAMPED,
    FINDING_HEAD,  /* a head that was kept is not of this chain */
    FINDING_STRAY, /* a file whose name is none of a seal's */
};

struct finding {
    enum finding_kind kind;
    struct span subject;                   /* the event's path, or the name of the seal's file */
    uint32_t seal;                         /* the seal that it is about; 0: none */
    const unsigned char *expected, *found; /* digests; NULL: none */
    const char *detail;                    /* for people; NULL: none */
};

/* "not-sealed" */
const char *finding_name(enum finding_kind kind);

/* Whether it is about an event, not a seal. */
bool finding_is_event(enum finding_kind kind);

/* Writes the finding as a line: "changed: PATH: DETAIL", or as JSON.  False: the write failed. */
bool finding_write(struct out *out, const struct finding *finding, bool json);

/* Writes bytes from outside for a line of text: what would not print as \xNN, a backslash as \\.
 * Unlike diag_printable() the whole of it. */
bool finding_write_text(struct out *out, struct span bytes);

/* Writes bytes from outside as a JSON string with its quotes; what is no UTF-8 becomes U+FFFD. */
bool finding_write_json(struct out *out, struct span bytes);

#endif
