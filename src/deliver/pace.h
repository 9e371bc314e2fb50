/* pace: how many requests may be under way at once, and whether everybody waits.
 *
 * A function of its inputs alone: the clock and the random source are the caller's.  The rules:
 *
 *   - An answer that says "slow down" (429, 503), and an attempt that came to no answer, take half
 *     a request away from how many go at once; a success gives an eighth back.  So a service at
 *     which up to one request in five fails is used at full speed, and one that refuses more gets
 *     fewer at once until it does not, one at least.
 *   - A Retry-After above zero holds everybody for that long.
 *   - When nothing gets through any more (as many failures in a row as go at once, six at least;
 * half as many where no connection can be made) one request probes for all, after waits that grow
 * (retry_wait).  After its success the number grows by one with each further one, up to half of
 * what it was, and then as above.
 *
 * Times are microseconds of one steady clock.
 */
#ifndef PACE_H
#define PACE_H

#include "deliver/retry.h"

enum pace_failure {
    PACE_EVENT,  /* the failure may be the request's own (500): only in a row with others it counts
                  */
    PACE_SLOWER, /* the service asks for fewer requests, or an attempt came to no answer */
    PACE_NOBODY, /* nobody answers: no connection can be made */
};

struct pace {
    struct retry_policy policy;
    size_t most;        /* requests at once, at most (--parallel) */
    size_t eighths;     /* how many may be under way now, in eighths of a request */
    size_t threshold;   /* up to here, in eighths, it grows by a whole one after an outage */
    int64_t not_before; /* nothing is sent before; 0: no hold */
    unsigned failures;  /* in a row; that nobody answers counts twice */
    size_t row;         /* how many went at once when it began */
    unsigned probes;    /* that failed in this outage */
    bool probing;       /* nothing gets through: one request at a time */
    int64_t probing_since;
};

void pace_begin(struct pace *pace, size_t most, const struct retry_policy *policy);

/* Whether one more may be sent, with so many under way. */
bool pace_may_send(const struct pace *pace, size_t under_way, int64_t now);

/* A request was taken by the service, or at least answered for good. */
void pace_success(struct pace *pace);

/* A request failed that was sent at `sent`, as its `attempt`th (1 or more).  asked is what
 * Retry-After says, 0 for nothing; random as for retry_wait(). */
void pace_failure(struct pace *pace, enum pace_failure kind, unsigned attempt, int64_t sent,
                  int64_t now, int64_t asked, uint32_t random);

#endif
