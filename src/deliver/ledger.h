/* ledger: reports the outcome of each record, once.
 *
 * The only place that turns an outcome into a message, the record's bytes in --rejects, a receipt,
 * its line on standard output (--tee), and the counts of the summary.
 *
 * Lines of --tee are in input order.  A reject, or a line of --tee, is written before its receipt.
 * If the sink settles records in groups (`ordered`), rejects and receipts are in input order too;
 * otherwise they are in the order in which the outcomes became known. */
#ifndef LEDGER_H
#define LEDGER_H

#include "deliver/outcome.h"
#include "deliver/receipts.h"
#include "filter/filter.h"
#include "filter/reader.h"

enum ledger_tee {
    LEDGER_TEE_NONE,
    LEDGER_TEE_ALL, /* every line whose outcome is a success */
    LEDGER_TEE_NEW, /* those with new content: delivered, replaced, spooled */
};

/* A reason why records were not delivered, and their number. */
struct ledger_reason {
    char text[200];
    size_t count;
};
enum { LEDGER_REASONS = 8 };

struct ledger {
    struct filter *filter;
    struct reader *reader;
    struct append receipts;  /* --receipts; fd is -1: none */
    struct mac mac;          /* for the program that requested the receipts … */
    bool has_mac;            /* … if it shares a key */
    struct receipts_run run; /* the receipt to which lines are being added */
    size_t held;             /* lines with receipts since ledger_flush() */
    enum ledger_tee tee;
    bool ordered;
    struct record *first, *last; /* in input order, if that is needed: not written yet */
    size_t count[OUTCOMES];
    size_t bytes;   /* of the successfully delivered events */
    size_t pending; /* records that were read and are not settled */
    bool unflushed; /* something was written since ledger_flush() */
    struct ledger_reason reason[LEDGER_REASONS];
    size_t reasons;
};

/* Begins; receipts_file may be NULL.  False after a message: the file cannot be opened. */
bool ledger_begin(struct ledger *ledger, struct filter *filter, struct reader *reader,
                  const char *receipts_file, enum ledger_tee tee, bool ordered);

/* Makes the receipts identify their lines with that key (receipts.h).  An invalid key, or NULL, is
 * ignored. */
void ledger_share_key(struct ledger *ledger, const char *key);

/* A record was read: adds it to the order, as pending. */
void ledger_read(struct ledger *ledger, struct record *record);

/* Settles the record, which is the ledger's afterwards.  A rejected one is named in a message with
 * the reason; an undelivered one too, if there is a reason.  Raises the exit status.  For an
 * ordered ledger etag, status and more must be unset. */
void ledger_settle(struct ledger *ledger, struct record *record, const struct outcome *outcome);

/* The same for all records of a list, which is empty afterwards.  If they are undelivered, there is
 * one message for all of them. */
void ledger_settle_all(struct ledger *ledger, struct records *records,
                       const struct outcome *outcome);

/* The record counts as not read: --fail-fast has ended the run before it. */
void ledger_forget(struct ledger *ledger, struct record *record);

/* The number of records that are at their destination or kept for it. */
size_t ledger_successes(const struct ledger *ledger);

/* Flushes: lines of --tee first, then rejects, then receipts. */
void ledger_flush(struct ledger *ledger);

/* Flushes and closes the receipts. */
void ledger_end(struct ledger *ledger);

#endif
