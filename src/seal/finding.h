/* finding: a finding of audit-verify, as a line of text or NDJSON. */
#ifndef FINDING_H
#define FINDING_H

#include "base/digest.h"
#include "base/out.h"

#include <stdint.h>

enum finding_kind {
    /* About an event. */
    FINDING_CHANGED,     /* other bytes than were sealed */
    FINDING_MISSING,     /* sealed, but absent */
    FINDING_NOT_SEALED,  /* present, but in no seal */
    FINDING_NOT_REMOVED, /* present, although its removal was sealed */
    FINDING_NOT_A_FILE,  /* a link or the like in place of a file */
    /* About a seal. */
    FINDING_MISSING_SEAL,
    FINDING_BAD_SEAL, /* its text is not that of the seal of that number */
    FINDING_BAD_SIGNATURE,
    FINDING_UNKNOWN_KEY,  /* signed by a key that was not given */
    FINDING_CHAIN_BROKEN, /* the previous seal is not the one that it names */
    FINDING_GAP,          /* too long without a seal */
    FINDING_BAD_STAMP,
    FINDING_NOT_STAMPED,
    FINDING_HEAD,  /* a saved head is not of this chain */
    FINDING_STRAY, /* a file whose name is not a seal's */
};

struct finding {
    enum finding_kind kind;
    struct span subject;                   /* the event's path, or the name of the seal's file */
    uint32_t seal;                         /* the seal it concerns; 0: none */
    const unsigned char *expected, *found; /* digests; NULL: none */
    const char *detail;                    /* for the text form; NULL: none */
};

/* "not-sealed" */
const char *finding_name(enum finding_kind kind);

/* Whether it is about an event, not a seal. */
bool finding_is_event(enum finding_kind kind);

/* Writes the finding as a line: "changed: PATH: DETAIL", or as JSON.  False: the write failed. */
bool finding_write(struct out *out, const struct finding *finding, bool json);

/* Writes bytes from input for a line of text: unprintable bytes as \xNN, a backslash as \\.  Unlike
 * diag_printable() it does not truncate. */
bool finding_write_text(struct out *out, struct span bytes);

/* Writes bytes from input as a JSON string with its quotes; invalid UTF-8 becomes U+FFFD. */
bool finding_write_json(struct out *out, struct span bytes);

#endif
