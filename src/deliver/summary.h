/* summary: the last line of a sink, with the number of records for each outcome. */
#ifndef SUMMARY_H
#define SUMMARY_H

#include "deliver/ledger.h"

/* Writes it, and a line for each reason why records were not delivered. */
void summary_write(const struct ledger *ledger, int64_t microseconds);

#endif
