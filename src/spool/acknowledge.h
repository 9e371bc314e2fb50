/* acknowledge: which lines of a batch a command has processed, by its receipts.
 *
 * A receipt is believed only if it proves that the sink has read the batch's line: by its MAC
 * (mac.h), made with the batch's key, or by its digest, the first 16 hexadecimal digits of the
 * SHA-256 of that line without its newline.  So a command that changes, drops or adds lines before
 * its sink cannot make us drop a line. */
#ifndef ACKNOWLEDGE_H
#define ACKNOWLEDGE_H

#include "spool/batch.h"

enum line_verdict {
    LINE_STAYS,    /* undelivered, or without a valid receipt */
    LINE_DONE,     /* delivered, or equivalent; blank */
    LINE_REJECTED, /* cannot be delivered because it is invalid or refused */
};

/* The relevant parts of a receipt. */
struct receipt_mark {
    size_t line;
    uint64_t proof; /* the MAC, or the digest */
    bool keyed;     /* … it is the MAC */
    enum line_verdict verdict;
    bool fits;
    uint32_t length; /* of its text … */
    int64_t offset;  /* … and the text's offset in the receipts file */
};

struct acknowledgement {
    struct mac *mac;              /* of the batch; NULL: there is no key */
    const struct line_macs *macs; /* those that were computed while the command ran … */
    size_t known;                 /* … and are valid for so many of the first lines */
    bool digests;                 /* there are receipts with a digest only, in `mark` */
    unsigned char *verdict;       /* an enum line_verdict for each line of the batch */
    struct receipt_mark *mark; /* the receipts that `macs` did not decide, in the order of lines */
    size_t marks;
    size_t fitting; /* valid receipts */
    size_t claimed; /* lines that receipts call done, whether the receipts are valid or not */
    size_t blank;   /* lines that need no receipt */
    size_t done, rejected, stays; /* lines; blank ones count as done */
};

/* Reads the receipts (a descriptor, or -1: there are none) and compares them with the segments,
 * whose lines are counted.  The lines of a segment that is missing, or has another size, stay,
 * unless we have removed it.  False with a reason. */
bool acknowledge_read(struct acknowledgement *acknowledgement, struct batch *batch, int receipts,
                      struct reason *reason);

/* While the command runs: reads the receipts written since the last call, and marks lines with a
 * valid MAC as done; other receipts are skipped.  Begins with an empty acknowledgement, and a batch
 * whose lines are counted.  True: there were such receipts; then a line that is neither blank nor
 * done has the verdict LINE_STAYS. */
bool acknowledge_ahead(struct acknowledgement *acknowledgement, const struct batch *batch,
                       struct filelines *receipts);

/* The same for a batch that is the first `lines` lines of one file, which is read from its start
 * with pread(2). */
bool acknowledge_file(struct acknowledgement *acknowledgement, int file, size_t lines, int receipts,
                      struct reason *reason);

/* For a command that succeeded: marks all `lines` lines as done if no receipt is valid, so that
 * only the status counts, or if the receipts call as many lines done as it was given: it may have
 * changed lines or their order before its sink, but dropped none. */
void acknowledge_success(struct acknowledgement *acknowledgement, size_t lines);

/* Says that a command that succeeded is given the lines again that its receipts do not confirm.
 * `source` is where lines should be dropped instead, and `manual` the page with the details. */
void acknowledge_unconfirmed(const struct acknowledgement *acknowledgement, const char *source,
                             const char *manual, struct reason *reason);

/* The receipt that rejects this line (numbered over the batch from 1). */
const struct receipt_mark *acknowledge_rejection(const struct acknowledgement *acknowledgement,
                                                 size_t line);

/* The text of that receipt, from the same receipts: mark->length bytes and a NUL, which the caller
 * frees.  NULL: it cannot be read, there is no memory, or mark is NULL. */
char *acknowledge_text(const struct receipt_mark *mark, int receipts);

void acknowledge_end(struct acknowledgement *acknowledgement);

#endif
