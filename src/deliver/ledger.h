/* ledger: what became of each record, told once.
 *
 * The only place that turns an outcome into a message, the record's bytes in --rejects, a receipt,
 * its line on standard output (--tee), and the counts of the summary.
 *
 * Lines of --tee are in input order.  A reject is written before the receipt that speaks of it, and
 * so is a line of --tee.  Of a sink that settles records in groups (`ordered`), rejects and
 * receipts are in input order too; of others, in the order in which their outcomes became known.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include "deliver/outcome.h"
#include "deliver/receipts.h"
#include "filter/filter.h"
#include "filter/reader.h"

enum ledger_tee {
    LEDGER_TEE_NONE,
    LEDGER_TEE_ALL, /* every line whose outcome is a success */
    LEDGER_TEE_NEW, /* those that were not there before: delivered, replaced, spooled */
};

/* Why records were not delivered, and how many for each reason. */
struct ledger_reason {
    char text[200];
    size_t count;
};
enum { LEDGER_REASONS = 8 };

struct ledger {
    struct filter *filter;
    struct reader *reader;
    struct append receipts;  /* --receipts; fd is -1: none */
    struct mac mac;          /* for who has asked for the receipts … */
    bool has_mac;            /* … if a key is shared */
    struct receipts_run run; /* the receipt that lines are being added to */
    size_t held;             /* lines of receipts since ledger_flush() */
    enum ledger_tee tee;
    bool ordered;
    struct record *first, *last; /* in input order, where that matters: not written yet */
    size_t count[OUTCOMES];
    size_t bytes;   /* of the events of successes */
    size_t pending; /* records that were read and are not settled */
    bool unflushed; /* something was written since ledger_flush() */
    struct ledger_reason reason[LEDGER_REASONS];
    size_t reasons;
};

/* Begins; receipts_file may be NULL.  False after a message: the file cannot be opened. */
bool ledger_begin(struct ledger *ledger, struct filter *filter, struct reader *reader,
                  const char *receipts_file, enum ledger_tee tee, bool ordered);

/* Has the receipts say by that key which lines they are of (receipts.h).  A key that is not valid,
 * or NULL, is ignored. */
void ledger_share_key(struct ledger *ledger, const char *key);

/* A record was read: it takes its place in the order, and is pending. */
void ledger_read(struct ledger *ledger, struct record *record);

/* Settles the record, which is the ledger's afterwards.  A rejected one is named in a message with
 * the reason; an undelivered one too, if there is a reason.  The exit status is raised.  For an
 * ordered ledger etag, status and more must be unset. */
void ledger_settle(struct ledger *ledger, struct record *record, const struct outcome *outcome);

/* The same for all records of a list, which is empty afterwards.  If they are undelivered, one
 * message tells of all of them. */
void ledger_settle_all(struct ledger *ledger, struct records *records,
                       const struct outcome *outcome);

/* The record counts as not read: --fail-fast has ended the run before it. */
void ledger_forget(struct ledger *ledger, struct record *record);

/* The records that are at their destination or kept for it, in all. */
size_t ledger_successes(const struct ledger *ledger);

/* Writes out what was written so far: lines of --tee, then rejects, then receipts. */
void ledger_flush(struct ledger *ledger);

/* Flushes and closes the receipts. */
void ledger_end(struct ledger *ledger);

#endif
