/* pace: how many requests may be under way at once, and whether all must wait.
 *
 * A function of its inputs alone: the clock and the random source are the caller's.  The rules:
 *
 *   - A response that says "slow down" (429, 503), or an attempt without a response, reduces the
 *     number of concurrent requests by half a request; a success adds an eighth.  So a service
 *     where up to one request in five fails is used at full speed, and one that refuses more gets
 *     fewer at once until it refuses less, but at least one.
 *   - A Retry-After above zero holds back all requests for that long.
 *   - When the service is unavailable (as many consecutive failures as concurrent requests, at
 *     least six; half as many if no connection can be made) only one request is sent at a time,
 *     after growing waits (retry_wait).  When it succeeds, each further success raises the number
 *     by one, up to half of what it was, and then as above.
 *
 * Times are microseconds of one steady clock. */
#ifndef PACE_H
#define PACE_H

#include "deliver/retry.h"

enum pace_failure {
    PACE_EVENT,  /* the failure may be this request's alone (500): it counts only in a row with
                    others */
    PACE_SLOWER, /* the service asks for fewer requests, or an attempt had no response */
    PACE_NOBODY, /* no connection can be made */
};

struct pace {
    struct retry_policy policy;
    size_t most;        /* concurrent requests, at most (--parallel) */
    size_t eighths;     /* how many may be under way now, in eighths of a request */
    size_t threshold;   /* up to this, in eighths, it grows by a whole request after an outage */
    int64_t not_before; /* nothing is sent before this; 0: no limit */
    unsigned failures;  /* consecutive; a failure to connect counts twice */
    size_t row;         /* the number of concurrent requests when the row began */
    unsigned probes;    /* failed probes in this outage */
    bool probing;       /* the service is unavailable: one request at a time */
    int64_t probing_since;
};

void pace_begin(struct pace *pace, size_t most, const struct retry_policy *policy);

/* Whether another request may be sent, with so many under way. */
bool pace_may_send(const struct pace *pace, size_t under_way, int64_t now);

/* The service has accepted a request, or at least responded for good. */
void pace_success(struct pace *pace);

/* A request failed that was sent at `sent`, as attempt number `attempt` (from 1).  asked is the
 * time in Retry-After, 0 for none; random as for retry_wait(). */
void pace_failure(struct pace *pace, enum pace_failure kind, unsigned attempt, int64_t sent,
                  int64_t now, int64_t asked, uint32_t random);

#endif
