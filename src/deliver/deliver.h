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
#include "deliver/queue.h"
#include "deliver/retry.h"
#include "deliver/schedule.h"
#include "filter/filter.h"

struct deliver;

/* One request: one line, or a batch. */
struct request {
    struct entries entries; /* in input order */
    size_t size;            /* their sizes together */
    unsigned attempts;      /* begun so far */
    int64_t first_attempt;  /* when; 0: not yet */
    int64_t last_attempt;
    int64_t due;      /* while it waits: when it is tried again */
    long status;      /* of the last answer, 0: none yet */
    const char *etag; /* judge() may set it, of the object that was made; until its next call */
    struct http_transfer *transfer;
    struct deliver *deliver;
    struct request *next, *previous;
};

/* What an answer means, for the entries of the request that judge() has not settled. */
enum answer {
    ANSWER_DELIVERED,
    ANSWER_EXISTS,    /* it was there already, which is as good */
    ANSWER_RETRY,     /* again, after a wait */
    ANSWER_SLOW_DOWN, /* the same, and everybody waits */
    ANSWER_AGAIN,     /* again at once: the service has seen to what was wrong */
    ANSWER_TOO_LARGE, /* again in two halves; a single one is rejected */
    ANSWER_BAD,       /* the same: some event in it is refused */
    ANSWER_REJECTED,  /* every event in it is refused */
    ANSWER_REFUSED,   /* before anything was delivered: ANSWER_MISCONFIGURED; later: ANSWER_BAD */
    ANSWER_MISCONFIGURED, /* no request can succeed: stop */
};

enum readiness {
    READY_NOW,
    READY_LATER,
    READY_NEVER, /* for the reason given: nothing can be sent any more */
};

struct service {
    void *context;

    /* Looks at a line that was read: sets event and path (the whole line otherwise) and size.
     * False: it is rejected, for the reason given. */
    bool (*accept)(void *context, struct entry *entry, struct reason *reason);

    /* Whether a request may start now, or credentials are being fetched first: it may use
     * transfers of its own for that, on deliver_http(), which end in http_run() as all do.
     * *wake_at may be lowered to when it wants to be asked again.  NULL: always. */
    enum readiness (*ready)(void *context, struct deliver *deliver, int64_t now, int64_t *wake_at,
                            struct reason *reason);

    /* Sets up request->transfer: URL, headers, body.  False: all its events are rejected. */
    bool (*prepare)(void *context, struct request *request, struct reason *reason);

    /* Says what an answer that came (reply->code is CURLE_OK) means, and in reason why where that
     * is not delivery.  Of a batch it may settle some entries itself, by deliver_settle(). */
    enum answer (*judge)(void *context, struct request *request, const struct http_reply *reply,
                         struct reason *reason);

    /* Shows what would be sent (--dry-run), from a transfer that prepare() has set up. */
    bool (*show)(void *context, const struct request *request, struct out *out);

    const char *name; /* of the service, for messages; no secret in it */

    size_t batch_events;   /* the most lines in one request; 1: no batches */
    size_t batch_bytes;    /* the most bytes; batch_overhead and the sizes count.  0: no limit */
    size_t batch_overhead; /* bytes of a request beside its entries' sizes */
    int64_t batch_wait;    /* how long a line waits for others to join it */
};

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

struct deliver {
    const struct deliver_options *options;
    struct filter *filter; /* the rejects, standard output, the input */
    struct service *service;
    struct http http;
    struct retry_policy policy;
    struct queue queue;
    struct ledger ledger;
    struct out receipts;
    struct progress progress;
    struct entries fresh;    /* accepted, in no request yet */
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

/* For judge(): what became of one entry of a batch, which then takes no part in the answer that
 * judge() returns.  reason is said of a rejected one; NULL for the others. */
void deliver_settle(struct request *request, struct entry *entry, enum outcome outcome,
                    const char *reason);

/* For ready(): the transfers that it may add its own to. */
struct http *deliver_http(struct deliver *deliver);

/* 32 random bits, for retry_wait(). */
uint32_t deliver_random(struct deliver *deliver);

#endif
