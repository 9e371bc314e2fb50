/* spoolput: a spool as a sink: lines become segments, byte for byte.
 *
 * A group of records is a segment.  They are settled as spooled once it is synced and published, so
 * that --tee and --receipts report nothing that a loss of power could undo.  A segment that has
 * reached its size is synced while the next one is written. */
#ifndef SPOOLPUT_H
#define SPOOLPUT_H

#include "base/options.h"
#include "deliver/sink.h"
#include "spool/segment.h"
#include "spool/syncer.h"

enum spoolput_when_full {
    SPOOLPUT_WAIT, /* read nothing more until a drain has made room */
    SPOOLPUT_FAIL, /* end with STATUS_FAILED */
};

struct spoolput {
    struct sink sink; /* passed to deliver_run() */
    struct spooldir spool;
    struct spool_limit limit;
    struct segment segment;
    size_t segment_size;        /* --segment-size: bytes at which a segment is closed */
    int64_t segment_time;       /* --segment-time: microseconds */
    size_t max_size;            /* --max-size: bytes of the whole spool; 0: no limit */
    int when_full;              /* an enum spoolput_when_full */
    struct records group;       /* in the segment, not yet settled */
    struct segment ready;       /* the previous segment, which is being synced … */
    struct records ready_group; /* … and its records */
    struct syncer syncer;
    struct record *held; /* waits for room; NULL: none */
    int64_t told_at;     /* when the full spool was last reported; 0: never */
};
#define SPOOLPUT                                                                                   \
    {                                                                                              \
        .segment_size = 8000000, .segment_time = 1000000, .syncer = SYNCER                         \
    }

/* The tool's own options; the context is struct spoolput. */
extern const struct option_line spoolput_options[];

/* Opens the directory, publishes what killed writers have left there, and sets up spoolput->sink.
 * False after a message; nothing is open then. */
bool spoolput_begin(struct spoolput *spoolput, const char *directory);

void spoolput_end(struct spoolput *spoolput);

#endif
