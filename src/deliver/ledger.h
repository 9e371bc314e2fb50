/* ledger: what became of every line, said once: a receipt, the line itself on standard output
 * (--tee, in input order) or in the rejects, a message, and the counts.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include "deliver/receipts.h"
#include "filter/filter.h"
#include "filter/reader.h"

struct ledger {
    struct filter *filter;
    struct reader *reader;
    struct out *receipts; /* --receipts; NULL: none */
    bool tee;
    struct record *first, *last; /* of --tee: the lines in order that were not yet written */
    struct records held;         /* rejects that wait for the end of an over-long line */
    size_t delivered, rejected, undelivered;
    bool unflushed; /* something was written since ledger_flush() */
};

void ledger_begin(struct ledger *ledger, struct filter *filter, struct reader *reader,
                  struct out *receipts, bool tee);

/* A line was read: it takes its place in the order. */
void ledger_read(struct ledger *ledger, struct record *record);

/* What became of a line.  Of a rejected one `why` is said on standard error, unless that was done
 * (NULL); for an undelivered one the caller does it. */
struct ledger_line {
    enum outcome outcome;
    long status; /* of the last answer; 0: there was none */
    unsigned attempts;
    int64_t now;
    const char *why;
    const char *etag; /* of the object that was made; NULL: none */
};

/* Settles the record, which is the ledger's afterwards. */
void ledger_settle(struct ledger *ledger, struct record *record, const struct ledger_line *line);

/* An over-long line has ended: writes the rejects that waited for it. */
void ledger_unhold(struct ledger *ledger);

/* Writes out what was written so far. */
void ledger_flush(struct ledger *ledger);

#endif
