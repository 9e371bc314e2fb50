/* retry: may a request be tried again, and when?  Functions of their arguments alone: the clock and
 * the random source are the caller's.
 *
 * Times are microseconds of one steady clock, unless their name says otherwise.
 */
#ifndef RETRY_H
#define RETRY_H

#include "base/span.h"

#include <curl/curl.h>
#include <stdint.h>

enum retry_kind {
    RETRY_NOT,         /* the answer stands, whatever it is */
    RETRY_LATER,       /* this request alone tries again */
    RETRY_UNREACHABLE, /* nobody answers: there is no point in sending others meanwhile */
    RETRY_SLOW_DOWN,   /* the service asks everybody to wait (429, 503) */
    RETRY_HOPELESS,    /* trying again cannot help: the set-up is wrong (certificate, host name) */
};

struct retry_policy {
    int64_t base;   /* the longest first wait; each further one may be twice as long … */
    int64_t cap;    /* … up to this */
    int64_t budget; /* how long one event is tried (--retry-for) */
};

/* What a transfer that failed before an answer came leaves to do.  answered: the service has
 * answered before, so that a host name that is not found now, or an answer that is not HTTP, is an
 * outage and no mistake. */
enum retry_kind retry_transfer(CURLcode code, bool answered);

/* The same for an answer, by its HTTP status: 408 425 429 500 502 503 504 522 524 may be tried
 * again (RFC 9110, RFC 6585, RFC 8470, and Cloudflare's two). */
enum retry_kind retry_status(long status);

/* How long to wait before the attempt that follows the `attempts`th (1 or more): exponential with
 * full jitter.  random is uniform over its 32 bits. */
int64_t retry_wait(const struct retry_policy *policy, unsigned attempts, uint32_t random);

/* The moment at which an event is given up.  It has `budget` from its first attempt on; where
 * nothing has been delivered since `failing` (0: all is well), also from then on or from when the
 * event was read, if that was later: in an outage everything that waits is given up together and
 * not one after the other. */
int64_t retry_deadline(const struct retry_policy *policy, int64_t read, int64_t first_attempt,
                       int64_t failing);

#endif
