/* deliver: the loop that all sinks share.
 *
 * One thread: it reads the input while there is room, parses each record, skips what earlier
 * receipts name (--skip), passes the rest to the sink (sink.h), and reports each record's outcome
 * once (ledger.h).  Signals, --fail-fast, the progress line and the summary are handled by the
 * loop. */
#ifndef DELIVER_H
#define DELIVER_H

#include "deliver/ledger.h"
#include "deliver/sink.h"
#include "filter/filter.h"

enum { DELIVER_SKIPS = 64 }; /* files that --skip may name */

/* The options of all sinks; DELIVER_OPTIONS holds their defaults. */
struct deliver_options {
    enum ledger_tee tee;
    const char *receipts_file; /* NULL: $AUDIT_RECEIPTS, if it is set and not empty */
    const char *skip[DELIVER_SKIPS];
    size_t skips;
    bool progress, no_progress, summary, no_summary;
};
extern const struct option_line deliver_options[];
#define DELIVER_OPTIONS                                                                            \
    {                                                                                              \
        .receipts_file = NULL                                                                      \
    }

/* Delivers all of the filter's input, up to its end, a signal, or a failure that makes further
 * delivery impossible.  filter_begin() was called.  Writes messages, receipts and rejects, and
 * raises the exit status. */
void deliver_run(struct filter *filter, struct sink *sink, const struct deliver_options *options);

#endif
