/* receipts: what became of each input line, one NDJSON line each. */
#ifndef RECEIPTS_H
#define RECEIPTS_H

enum outcome { OUTCOME_DELIVERED, OUTCOME_EXISTS, OUTCOME_REJECTED, OUTCOME_UNDELIVERED };
struct receipts;

#endif
