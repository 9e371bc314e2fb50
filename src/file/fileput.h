/* fileput: a directory as a sink: each addressed event becomes a file of its own.
 *
 * Records are gathered in groups.  A group is staged, synced, placed, synced again, and only then
 * settled, so that --tee and --receipts report nothing that a loss of power could undo. */
#ifndef FILEPUT_H
#define FILEPUT_H

#include "base/options.h"
#include "deliver/sink.h"
#include "file/filestore.h"

enum fileput_sync {
    FILEPUT_GROUP, /* one sync for many files: after FILEPUT_RECORDS files or a second, or when no
                      input is available */
    FILEPUT_EACH,  /* each file is synced by itself */
    FILEPUT_NONE,  /* no file is synced */
};

enum { FILEPUT_RECORDS = 1024 }; /* records in a group, at most */

struct fileput {
    struct sink sink; /* passed to deliver_run() */
    struct filestore store;
    int sync;             /* an enum fileput_sync */
    bool no_overwrite;    /* --no-overwrite: the default, accepted */
    struct records group; /* submitted and not yet settled; tag is a record's slot in the store */
    size_t staged;        /* how many of them are written and not yet placed */
};

/* The tool's own options; the context is struct fileput. */
extern const struct option_line fileput_options[];

/* Opens the directory and sets up fileput->sink; the caller has set sync and store.overwrite.
 * False after a message; nothing is open then. */
bool fileput_begin(struct fileput *fileput, const char *directory);

/* Closes.  If something cannot be removed, writes a message and sets STATUS_FAILED. */
void fileput_end(struct fileput *fileput);

#endif
