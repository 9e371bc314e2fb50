/* s3_get: the objects of a bucket as addressed events on standard output.
 *
 *     {"path":KEY,"event":…}
 *
 * KEY is the object's key without the prefix and the suffix, so that the output is audit-s3put's
 * input.  An object that cannot be read, or is invalid, is named in a message and in --rejects as
 * {"path":KEY,"reason":…}; all others are still written. */
#ifndef S3_GET_H
#define S3_GET_H

#include "base/timestamp.h"
#include "deliver/progress.h"
#include "deliver/skip.h"
#include "filter/filter.h"
#include "s3/s3_fetch.h"

enum s3_get_form {
    S3_GET_EVENTS, /* one event for each object */
    S3_GET_LINES,  /* one event for each line of an object */
    S3_GET_PATHS,  /* only the paths */
    S3_GET_LIST,   /* the entries of the listing: path, size, time, ETag */
    S3_GET_COUNT,  /* nothing: only the summary (--dry-run) */
};

struct s3_get_options {
    struct s3_store_options store;
    struct s3_fetch_options fetch;
    const char *prefix, *suffix; /* "" for none */
    const char *after;           /* a path: only those after it; NULL: all */
    enum s3_get_form form;
    bool has_since, has_until;
    struct timestamp since, until; /* of the event's own time: from since, before until */
    bool any_zone;                 /* the days in keys may be of another zone than UTC */
    const char *cacert;
    int64_t timeout;         /* of an attempt, microseconds */
    bool progress;           /* draw a line */
    bool summary;            /* print at the end how much was read */
    bool counts;             /* … and how many requests that took */
    const struct skip *skip; /* paths to skip; NULL: none */
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

/* Reads everything; writes the messages and raises the exit status.  filter's output and rejects
 * are open.  The options' strings must stay valid. */
void s3_get_run(struct s3_get *get, const struct s3_get_options *options, struct filter *filter);

#endif
