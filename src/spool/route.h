/* route: many spools as one sink: each event goes to the spool of its customer.
 *
 * The events of a group are sorted by key, and each key's lines become a segment in ROOT/KEY, or in
 * the default directory if ROOT/KEY does not exist.  Only a few directories are open at once, and
 * several segments share a sync, so that many customers need neither many descriptors nor much
 * memory. */
#ifndef ROUTE_H
#define ROUTE_H

#include "base/options.h"
#include "deliver/sink.h"
#include "filter/record_key.h"
#include "spool/segment.h"

enum {
    ROUTE_RECORDS = 16384, /* records in a group, at most */
    ROUTE_TABLE = 4 * ROUTE_RECORDS,
};

/* The spool of some records of the group. */
struct route_target {
    char *name; /* of the directory in ROOT */
    struct records records;
    struct spooldir spool;
    struct segment segment;
    struct reason why; /* why it cannot be used; empty: it can be */
    dev_t device;
    bool open;
};

/* The state of a key in this group. */
struct route_key {
    char *key;     /* NULL: a free slot in the table */
    size_t target; /* or ROUTE_NONE, for the reason: */
    char *why;
};

struct route {
    struct sink sink; /* passed to deliver_run() */
    const char *root_name;
    int root;
    const char *by;           /* --by */
    const char *default_name; /* --default */
    size_t segment_size;      /* --segment-size: bytes of all segments of a group together */
    int64_t segment_time;     /* --segment-time */
    struct record_key key;
    struct route_key *table; /* ROUTE_TABLE */
    size_t keys;
    struct route_target *target; /* ROUTE_RECORDS */
    size_t targets;
    size_t default_target; /* the default directory's; ROUTE_NONE: not in this group yet */
    size_t at_once;        /* directories that may be open */
};
#define ROUTE                                                                                      \
    {                                                                                              \
        .root = -1, .by = "customer", .default_name = "master", .segment_size = 8000000,           \
        .segment_time = 1000000                                                                    \
    }

/* The tool's own options; the context is struct route. */
extern const struct option_line route_options[];

/* Opens ROOT and sets up route->sink.  False after a message; nothing is open then. */
bool route_begin(struct route *route, const char *root);

void route_end(struct route *route);

#endif
