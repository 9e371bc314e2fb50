/* deliver: takes lines to a service over HTTP and loses none.
 *
 * One loop, one thread: it reads standard input while its window has room, keeps up to `parallel`
 * requests in flight, tries again what may be tried again, and says of every line once what became
 * of it: a receipt, and the line on standard output (--tee) or in --rejects.  What a request is and
 * what its answer means is the service's business: an HTTP log service, or an S3 bucket.
 *
 * Times are microseconds of receipts_clock().
 */
#ifndef DELIVER_H
#define DELIVER_H

#include "deliver/http.h"
#include "deliver/ledger.h"
#include "deliver/progress.h"
#include "deliver/retry.h"
#include "deliver/schedule.h"
#include "deliver/service.h"
#include "filter/filter.h"
#include "filter/reader.h"

/* The options that both sinks share; the context is struct deliver_options. */
struct deliver_options {
    size_t parallel; /* --parallel */
    int64_t retry_for;
    int64_t timeout;
    int64_t drain;
    bool tee;
    const char *receipts_file;
    const char *cacert;
    bool progress; /* draw a line on standard error, whether that is a terminal or not */
    bool no_progress;
    bool dry_run;
};
extern const struct option_line deliver_options[];

/* The defaults, for an initializer. */
#define DELIVER_OPTIONS                                                                            \
    {                                                                                              \
        .parallel = 8, .retry_for = 300 * RETRY_SECOND, .timeout = 60 * RETRY_SECOND,              \
        .drain = 30 * RETRY_SECOND                                                                 \
    }

/* How long is waited between attempts, and for how long there are any. */
struct retry_policy deliver_policy(const struct deliver_options *options);

struct sender {
    const struct deliver_options *options;
    struct filter *filter; /* the rejects, standard output, the input */
    struct service *service;
    struct http http;
    struct retry_policy policy;
    struct reader reader;
    struct json json;
    struct ledger ledger;
    struct out receipts;
    struct progress progress;
    struct records fresh;    /* accepted, in no request yet */
    size_t fresh_size;       /* their sizes together */
    struct request *again;   /* to be sent at once, before fresh ones */
    struct schedule waiting; /* to be tried again later */
    struct request *flying;  /* sent, not answered */
    size_t flying_count;
    struct request *unused; /* to use again */
    int64_t now;
    int64_t not_before;  /* nothing is sent before: everybody waits */
    int64_t slowed_at;   /* when that was last decided */
    unsigned slow_downs; /* how often in a row */
    size_t at_once;      /* requests at once: fewer than options->parallel after that */
    size_t taken;        /* successes since at_once was last changed */
    int64_t failing;     /* since when nothing has been delivered; 0: all is well */
    int64_t flush_at;    /* when the output is flushed at the latest */
    int64_t drain_until; /* when what is in flight is given up; INT64_MAX: never */
    int wake;            /* readable with a signal; -1 once it was dealt with */
    bool answered;       /* the service has answered at all */
    bool delivered;      /* … and has taken something */
    bool stopping;       /* nothing more is read or begun */
    bool unread;         /* … although a file has more */
    bool closing;        /* nothing more is read, because of --fail-fast */
    bool interrupted;    /* … because of a signal that was dealt with */
    uint64_t random;
};

/* Delivers everything that the filter's input holds, to its end, a signal, or an error that leaves
 * no hope.  filter_begin() was called; messages, receipts and rejects are written and the exit
 * status is raised here.  http names the certificates; what options say too is taken from there. */
void deliver_run(struct filter *filter, struct service *service,
                 const struct deliver_options *options, const struct http_options *http);

#endif
