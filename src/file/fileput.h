/* fileput: an addressed event's way from its line to its file, and to its acknowledgement.
 *
 * Lines are gathered in groups.  A group is staged, synced, placed, synced again, and only then
 * acknowledged, line after line in input order: --tee and --receipts tell of nothing that a loss of
 * power could take back.
 */
#ifndef FILEPUT_H
#define FILEPUT_H

#include "deliver/receipts.h"
#include "event/addressed.h"
#include "file/filestore.h"
#include "filter/filter.h"

enum fileput_sync {
    FILEPUT_GROUP, /* a sync for many files: FILEPUT_LINES, or a second, or no input at hand */
    FILEPUT_EACH,  /* every file is synced by itself */
    FILEPUT_NONE,  /* none is */
};

enum {
    FILEPUT_LINES = 1024,          /* lines of a group, at most */
    FILEPUT_BYTES = 3 * (1 << 20), /* bytes of them; a longer line is a group of its own */
};

/* A line between its reading and its acknowledgement. */
struct fileput_line {
    struct record record;
    struct receipt receipt; /* microseconds: until it is acknowledged, the clock when it came */
    bool pending;           /* staged, or found to exist, and not yet synced */
    bool staged;
};

struct fileput {
    struct filter *filter;
    struct json json;
    struct filestore store;
    int sync;                  /* an enum fileput_sync */
    bool tee;                  /* --tee */
    const char *receipts_file; /* --receipts, or NULL */
    struct out receipts;
    struct fileput_line *line;
    size_t count, limit; /* of the lines */
    char *buffer;        /* FILEPUT_BYTES: copies of the lines, whose place is wanted for others */
    size_t used;
    int64_t since;      /* the clock when the group's first line came */
    struct record last; /* the line taken last, without its text */
    bool failed;        /* nothing can be stored any more: what was read is undelivered */
    bool done;          /* --fail-fast: no line after the rejected one is to be touched */
};

/* Opens what is needed; filter, sync, tee, receipts_file and store.no_overwrite are set by then,
 * and filter_begin() was called.  Waits of the input are fileput's from now on.  False after a
 * message; nothing is then open. */
bool fileput_begin(struct fileput *fileput, const char *directory);

/* Reads lines until the end, or SIGINT or SIGTERM, and stores and acknowledges them. */
void fileput_lines(struct fileput *fileput);

/* Closes. */
void fileput_end(struct fileput *fileput);

#endif
