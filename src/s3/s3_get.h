/* s3_get: the objects of a bucket as addressed events on standard output.
 *
 *     {"path":KEY,"event":…}
 *
 * KEY is the object's key without the prefix and the suffix, so that what audit-s3put has put comes
 * back as it was.  An object that cannot be read, or is not what it should be, is named and kept in
 * --rejects as {"path":KEY,"reason":…}; all others still come out.
 */
#ifndef S3_GET_H
#define S3_GET_H

#include "base/timestamp.h"
#include "deliver/progress.h"
#include "deliver/skip.h"
#include "filter/filter.h"
#include "s3/s3_fetch.h"

enum s3_get_form {
    S3_GET_EVENTS, /* an event an object */
    S3_GET_LINES,  /* an event a line of an object */
    S3_GET_PATHS,  /* only the paths */
    S3_GET_LIST,   /* what the store lists: path, size, time, ETag */
    S3_GET_COUNT,  /* nothing: only the summary is wanted (--dry-run) */
};

struct s3_get_options {
    struct s3_store_options store;
    struct s3_fetch_options fetch;
    const char *prefix, *suffix; /* "" for none */
    const char *after;           /* a path: only those after it; NULL: all */
    enum s3_get_form form;
    bool has_since, has_until;
    struct timestamp since, until; /* of the event's own time: from since, before until */
    bool any_zone;                 /* the days in keys may be another zone's than UTC's */
    const char *cacert;
    int64_t timeout;         /* of an attempt, microseconds */
    bool progress;           /* draw a line */
    bool summary;            /* say at the end how much was read */
    bool counts;             /* … and how many requests that took */
    const struct skip *skip; /* paths that are passed over; NULL: none */
};

struct s3_get {
    struct s3_get_options options;
    struct filter *filter; /* standard output, the rejects, the messages */
    struct s3_store store;
    struct http http;
    struct s3_walk walk;
    struct s3_fetch fetch;
    struct progress progress;
    struct json json;
    char after[S3_KEY_MAX + 1];
    char *spare; /* memory for events that are changed */
    size_t spare_size;
    size_t objects, events, other_times, markers, rejected;
    uint64_t bytes;
};

/* Reads all of it; the messages are written and the exit status is raised here.  filter's output
 * and rejects are open.  The options' strings must stay. */
void s3_get_run(struct s3_get *get, const struct s3_get_options *options, struct filter *filter);

#endif
