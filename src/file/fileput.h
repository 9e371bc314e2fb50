/* fileput: a directory as a sink: each addressed event becomes a file of its own.
 *
 * Records are gathered in groups.  A group is staged, synced, placed, synced again, and only then
 * settled, so that --tee and --receipts tell of nothing that a loss of power could take back.
 */
#ifndef FILEPUT_H
#define FILEPUT_H

#include "base/options.h"
#include "deliver/sink.h"
#include "file/filestore.h"

enum fileput_sync {
    FILEPUT_GROUP, /* a sync for many files: FILEPUT_RECORDS, or a second, or no input available */
    FILEPUT_EACH,  /* every file is synced by itself */
    FILEPUT_NONE,  /* none is */
};

enum { FILEPUT_RECORDS = 1024 }; /* of a group, at most */

struct fileput {
    struct sink sink; /* what deliver_run() gets */
    struct filestore store;
    int sync;             /* an enum fileput_sync */
    bool no_overwrite;    /* --no-overwrite: the default, accepted */
    struct records group; /* submitted and not settled; tag is a record's slot in the store */
    size_t staged;        /* how many of them are written and not placed */
};

/* The tool's own options; the context is struct fileput. */
extern const struct option_line fileput_options[];

/* Opens the directory and sets up fileput->sink; sync and store.overwrite are set by then.  False
 * after a message; nothing is open then. */
bool fileput_begin(struct fileput *fileput, const char *directory);

/* Closes.  What cannot be removed is a message and STATUS_FAILED. */
void fileput_end(struct fileput *fileput);

#endif
