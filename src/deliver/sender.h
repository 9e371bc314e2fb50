/* sender: the sink of services that are reached over HTTP.
 *
 * Makes batches, keeps up to --parallel requests under way, retries, and halves batches that a
 * service accepts only in part.  The service defines requests and the meaning of responses
 * (service.h); pace.h decides how many requests are sent at once, and retry.h when one is tried
 * again. */
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
    int64_t drain; /* how long a stop waits for requests in flight */
    const char *cacert;
    bool dry_run;
};
extern const struct option_line sender_options[];
#define SENDER_OPTIONS                                                                             \
    {                                                                                              \
        .parallel = 8, .retry_for = 300 * CLOCK_SECOND, .timeout = 60 * CLOCK_SECOND,              \
        .drain = 30 * CLOCK_SECOND                                                                 \
    }

/* The waits between attempts, and how long an event is retried. */
struct retry_policy sender_policy(const struct sender_options *options);

struct sender {
    struct sink sink; /* passed to deliver_run() */
    const struct sender_options *options;
    struct service *service;
    struct http http;
    struct retry_policy policy;
    struct pace pace;
    struct outage outage;
    struct records fresh;    /* submitted, in no request yet */
    size_t fresh_size;       /* their sizes together */
    size_t ripe;             /* so many of them no longer wait for others to join them */
    struct request *again;   /* to be sent at once, before fresh records */
    struct schedule waiting; /* to be tried again later */
    struct request *flying;  /* sent, without a response yet */
    struct requests_pool pool;
    struct request *suspects, *last_suspect; /* refused before anything was delivered, … */
    struct reason suspicion;                 /* … all for this reason */
    unsigned refusals;                       /* how many there were in a row */
    bool answered;                           /* the service has responded at all */
    bool delivered;                          /* … and has accepted something */
    bool held_up;                            /* the service is not ready for requests */
    struct jitter jitter;
};

/* Sets up sender->sink.  http names the client's certificate; settings that are also in the options
 * are taken from those.  False after a message: libcurl cannot be used; nothing needs to be ended
 * then. */
bool sender_begin(struct sender *sender, struct service *service,
                  const struct sender_options *options, const struct http_options *http);

void sender_end(struct sender *sender);

/* The transfers, to which a service may add its own. */
struct http *sender_http(struct sender *sender);

#endif
