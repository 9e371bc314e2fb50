/* deliver: the loop that all sinks share.
 *
 * One thread: it reads the input while there is room, takes each record apart, passes over what
 * earlier receipts name (--skip), hands the rest to the sink (sink.h), and says of every record
 * once what became of it (ledger.h).  Signals, --fail-fast, the progress line and the
 * summary are the loop's.
 */
#ifndef DELIVER_H
#define DELIVER_H

#include "deliver/ledger.h"
#include "deliver/sink.h"
#include "filter/filter.h"

enum { DELIVER_SKIPS = 64 }; /* files that --skip may name */

/* The options of all sinks; DELIVER_OPTIONS holds their defaults. */
struct deliver_options {
    enum ledger_tee tee;
    const char *receipts_file; /* NULL: $AUDIT_RECEIPTS, if that is set and not empty */
    const char *skip[DELIVER_SKIPS];
    size_t skips;
    bool progress, no_progress, summary, no_summary;
};
extern const struct option_line deliver_options[];
#define DELIVER_OPTIONS                                                                            \
    {                                                                                              \
        .receipts_file = NULL                                                                      \
    }

/* Delivers everything that the filter's input holds, to its end, a signal, or a failure that leaves
 * no hope.  filter_begin() was called.  Messages, receipts and rejects are written and the exit
 * status is raised here. */
void deliver_run(struct filter *filter, struct sink *sink, const struct deliver_options *options);

#endif
