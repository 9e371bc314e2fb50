/* retry: whether a request may be tried again, and when.  Functions of their arguments alone: the
 * clock and the random source are the caller's.
 *
 * Times are microseconds of one steady clock, unless their name says otherwise. */
#ifndef RETRY_H
#define RETRY_H

#include "base/span.h"

#include <curl/curl.h>
#include <stdint.h>

enum retry_kind {
    RETRY_NOT,         /* the response is final */
    RETRY_LATER,       /* only this request is tried again */
    RETRY_UNREACHABLE, /* no connection: sending other requests meanwhile is useless */
    RETRY_SLOW_DOWN,   /* the service asks for fewer requests (429, 503) */
    RETRY_HOPELESS, /* trying again cannot help: the configuration is wrong (certificate, host name)
                     */
};

struct retry_policy {
    int64_t base;   /* the longest first wait; each further one may be twice as long, … */
    int64_t cap;    /* … up to this */
    int64_t budget; /* how long one event is retried (--retry-for) */
};

/* What to do about a transfer that failed without a response.  answered: the service has responded
 * before, so that a host name that is not found now, or a response that is not HTTP, is an outage
 * and not a mistake. */
enum retry_kind retry_transfer(CURLcode code, bool answered);

/* The same for a response, by its HTTP status: 408 425 429 500 502 503 504 522 524 may be tried
 * again (RFC 9110, RFC 6585, RFC 8470, and Cloudflare's two). */
enum retry_kind retry_status(long status);

/* How long to wait before the next attempt after `attempts` (1 or more): exponential with full
 * jitter.  random is uniform over its 32 bits. */
int64_t retry_wait(const struct retry_policy *policy, unsigned attempts, uint32_t random);

/* When an event is given up: `budget` after its first attempt.  If nothing has been delivered since
 * `failing` (0: no outage), also `budget` after that, or after the event was read if that was
 * later: in an outage all waiting events are given up together, not one after the other. */
int64_t retry_deadline(const struct retry_policy *policy, int64_t read, int64_t first_attempt,
                       int64_t failing);

#endif
