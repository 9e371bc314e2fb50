/* acknowledge: which lines of a batch a command has dealt with, by its receipts.
 *
 * A receipt is believed only if it is proven that the sink has read the batch's line: by its MAC
 * (mac.h), made with the batch's key, or by its digest, the first 16 hexadecimal digits of the
 * SHA-256 of that line without its newline.  A command that changes, drops or adds lines before its
 * sink cannot make us forget one.
 */
#ifndef ACKNOWLEDGE_H
#define ACKNOWLEDGE_H

#include "spool/batch.h"

enum line_verdict {
    LINE_STAYS,    /* undelivered, or without a receipt that fits */
    LINE_DONE,     /* delivered, or as good; blank */
    LINE_REJECTED, /* not fit to be delivered */
};

/* A receipt, as far as it matters. */
struct receipt_mark {
    size_t line;
    uint64_t proof; /* the MAC, or the digest */
    bool keyed;     /* … the MAC */
    enum line_verdict verdict;
    bool fits;
    uint32_t length; /* of its text … */
    int64_t offset;  /* … which begins there in the receipts file */
};

struct acknowledgement {
    struct mac *mac;              /* of the batch; NULL: there is no key */
    const struct line_macs *macs; /* those that were computed while the command ran … */
    size_t known;                 /* … and hold for so many of the first lines */
    bool digests;                 /* there are receipts with a digest only, in `mark` */
    unsigned char *verdict;       /* an enum line_verdict a line of the batch */
    struct receipt_mark *mark;    /* what `macs` did not decide, in the order of lines */
    size_t marks;
    size_t fitting;               /* receipts that fit */
    size_t claimed;               /* lines that receipts call done, whether they fit or not */
    size_t blank;                 /* lines that need no receipt */
    size_t done, rejected, stays; /* lines; blank ones count as done */
};

/* Reads the receipts (a descriptor, or -1: there are none) and compares them with the segments,
 * whose lines are counted.  A segment that is gone, or has another size, counts as stays, unless we
 * have removed it.  False with a reason. */
bool acknowledge_read(struct acknowledgement *acknowledgement, struct batch *batch, int receipts,
                      struct reason *reason);

/* While the command runs: reads the receipts that have come since the last call, and calls done
 * what has a MAC that fits; other receipts are passed over.  Begins with an empty acknowledgement,
 * and a batch whose lines are counted.  True: there were some; then a line that is neither blank
 * nor done has the verdict LINE_STAYS. */
bool acknowledge_ahead(struct acknowledgement *acknowledgement, const struct batch *batch,
                       struct filelines *receipts);

/* The same of a batch that is so many lines of one file, which is read from its start with
 * pread(2).
 */
bool acknowledge_file(struct acknowledgement *acknowledgement, int file, size_t lines, int receipts,
                      struct reason *reason);

/* Of a command that succeeded: calls all `lines` lines done if no receipt fits, so that nothing but
 * the status can tell, or if the receipts call as many lines done as it was given: it may have
 * changed lines or their order on the way to its sink, but dropped none. */
void acknowledge_success(struct acknowledgement *acknowledgement, size_t lines);

/* Says that a command that succeeded is given the lines again that its receipts do not confirm.
 * `source` is what lines are to be dropped before instead, and `manual` the page that tells more.
 */
void acknowledge_unconfirmed(const struct acknowledgement *acknowledgement, const char *source,
                             const char *manual, struct reason *reason);

/* The receipt that says that this line (counted over the batch from 1) is rejected. */
const struct receipt_mark *acknowledge_rejection(const struct acknowledgement *acknowledgement,
                                                 size_t line);

/* The text of that receipt, from the same receipts: mark->length bytes and a NUL, for the caller to
 * free.  NULL: it cannot be read, there is no memory, or mark is NULL. */
char *acknowledge_text(const struct receipt_mark *mark, int receipts);

void acknowledge_end(struct acknowledgement *acknowledgement);

#endif
