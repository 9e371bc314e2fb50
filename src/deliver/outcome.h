/* outcome: what became of a record at its destination, as data.
 *
 * A sink fills one in and gives it to ledger_settle(), the only place that turns it into a message,
 * a reject, a receipt, a line for --tee and a count.
 */
#ifndef OUTCOME_H
#define OUTCOME_H

#include "base/span.h"

#include <stdint.h>

enum outcome_kind {
    OUTCOME_DELIVERED,   /* it is where it was to go */
    OUTCOME_EXISTS,      /* the same content was there already: a success */
    OUTCOME_REPLACED,    /* it took the place of other content: a success */
    OUTCOME_SKIPPED,     /* earlier receipts (--skip) say that it is there: a success */
    OUTCOME_SPOOLED,     /* a spool keeps it until a sink takes it: a success */
    OUTCOME_REJECTED,    /* it is not fit to be delivered */
    OUTCOME_UNDELIVERED, /* it is fit, but could not be delivered, now or at all */
    OUTCOMES,
};

struct outcome {
    enum outcome_kind kind;
    const char *reason; /* why it is rejected or undelivered, for the message; NULL: that was told
                           already, or is told once for many */
    long status;        /* of the last HTTP answer; 0: there was none */
    unsigned attempts;  /* how often delivery was tried */
    int64_t sent_at;    /* when it was tried first, by clock_now(); 0: never */
    const char *etag;   /* of the object, fit for a JSON string; NULL: none */
    struct span more;   /* further members of the receipt, as they are written between braces:
                           "topic":"audit","partition":3,"offset":17; empty for none */
};

/* "delivered", as receipts and the summary have it. */
const char *outcome_name(enum outcome_kind kind);

/* The kind of that name; OUTCOMES: there is none. */
enum outcome_kind outcome_of_name(struct span name);

/* Whether the record is at its destination, or a spool keeps it for that. */
static inline bool outcome_is_success(enum outcome_kind kind)
{
    return kind < OUTCOME_REJECTED;
}

/* Whether it is at its destination: --skip passes over what earlier receipts call so. */
static inline bool outcome_is_there(enum outcome_kind kind)
{
    return kind < OUTCOME_SPOOLED;
}

#endif
