/* outcome: the result of a record's delivery, as data.
 *
 * A sink fills one in and passes it to ledger_settle(), the only place that turns it into a
 * message, a reject, a receipt, a line for --tee and a count. */
#ifndef OUTCOME_H
#define OUTCOME_H

#include "base/span.h"

#include <stdint.h>

enum outcome_kind {
    OUTCOME_DELIVERED, /* it is at its destination */
    OUTCOME_EXISTS,    /* the same content was there already: a success */
    OUTCOME_REPLACED,  /* it replaced other content: a success */
    OUTCOME_SKIPPED,   /* earlier receipts (--skip) say that it is at its destination: a success */
    OUTCOME_SPOOLED,   /* a spool keeps it until a sink takes it: a success */
    OUTCOME_REJECTED,  /* it cannot be delivered because it is invalid or refused */
    OUTCOME_UNDELIVERED, /* it is valid, but could not be delivered, now or at all */
    OUTCOMES,
};

struct outcome {
    enum outcome_kind kind;
    const char *reason; /* why it is rejected or undelivered, for the message; NULL: that was
                           reported already, or is reported once for many */
    long status;        /* of the last HTTP response; 0: there was none */
    unsigned attempts;  /* the number of attempts */
    int64_t sent_at;    /* the time of the first attempt, by clock_now(); 0: none */
    const char *etag;   /* of the object, valid in a JSON string; NULL: none */
    struct span more;   /* further members of the receipt, as written between braces:
                           "topic":"audit","partition":3,"offset":17; empty for none */
};

/* The name, as in receipts and the summary: "delivered". */
const char *outcome_name(enum outcome_kind kind);

/* The kind of that name; OUTCOMES: there is none. */
enum outcome_kind outcome_of_name(struct span name);

/* Whether the record is at its destination, or in a spool. */
static inline bool outcome_is_success(enum outcome_kind kind)
{
    return kind < OUTCOME_REJECTED;
}

/* Whether it is at its destination: --skip skips such records of earlier receipts. */
static inline bool outcome_is_there(enum outcome_kind kind)
{
    return kind < OUTCOME_SPOOLED;
}

#endif
