/* sender: the sink of services that are reached over HTTP.
 *
 * Makes batches, keeps up to --parallel requests under way, tries again what may be tried again,
 * and halves what a service takes in part only.  What a request is and what its answer means is the
 * service's business (service.h); how many go at once is pace.h's, and when one is tried again
 * retry.h's.
 */
#ifndef SENDER_H
#define SENDER_H

#include "base/clock.h"
#include "base/jitter.h"
#include "base/options.h"
#include "deliver/outage.h"
#include "deliver/pace.h"
#include "deliver/requests.h"
#include "deliver/schedule.h"
#include "deliver/sink.h"

/* The options of all such sinks; SENDER_OPTIONS holds their defaults. */
struct sender_options {
    size_t parallel; /* --parallel */
    int64_t retry_for;
    int64_t timeout;
    int64_t drain; /* how long a stop waits for what is in flight */
    const char *cacert;
    bool dry_run;
};
extern const struct option_line sender_options[];
#define SENDER_OPTIONS                                                                             \
    {                                                                                              \
        .parallel = 8, .retry_for = 300 * CLOCK_SECOND, .timeout = 60 * CLOCK_SECOND,              \
        .drain = 30 * CLOCK_SECOND                                                                 \
    }

/* How long is waited between attempts, and for how long there are any. */
struct retry_policy sender_policy(const struct sender_options *options);

struct sender {
    struct sink sink; /* what deliver_run() gets */
    const struct sender_options *options;
    struct service *service;
    struct http http;
    struct retry_policy policy;
    struct pace pace;
    struct outage outage;
    struct records fresh;    /* submitted, in no request yet */
    size_t fresh_size;       /* their sizes together */
    size_t ripe;             /* as many of them wait for no others to join them */
    struct request *again;   /* to be sent at once, before fresh ones */
    struct schedule waiting; /* to be tried again later */
    struct request *flying;  /* sent, not answered */
    struct requests_pool pool;
    struct request *suspects, *last_suspect; /* refused before anything was delivered, … */
    struct reason suspicion;                 /* … each for this reason */
    unsigned refusals;                       /* how many there were, one after the other */
    bool answered;                           /* the service has answered at all */
    bool delivered;                          /* … and has taken something */
    bool held_up;                            /* the service is not ready for requests */
    struct jitter jitter;
};

/* Sets up sender->sink.  http names the client's certificate; what the options say too is taken
 * from them.  False after a message: libcurl cannot be used; nothing is to be ended then. */
bool sender_begin(struct sender *sender, struct service *service,
                  const struct sender_options *options, const struct http_options *http);

void sender_end(struct sender *sender);

/* The transfers that a service may add its own to. */
struct http *sender_http(struct sender *sender);

#endif
