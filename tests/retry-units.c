/* retry-units: checks of deliver's functions that need no clock or network: whether a request is
 * tried again, when, and in which order.
 *
 * Prints each check that fails, and how many there were; status 1 if any failed. */
#include "config.h"

#include "base/clock.h"
#include "check.h"
#include "deliver/pace.h"
#include "deliver/retry.h"
#include "deliver/retry_after.h"
#include "deliver/schedule.h"

#include <inttypes.h>
#include <stdio.h>

static void check_statuses(void)
{
    static const long later[] = {408, 425, 500, 502, 504, 522, 524};
    static const long never[] = {200, 202, 204, 301, 400, 401, 403,
                                 404, 409, 412, 413, 501, 505, 0};
    char what[40];
    for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
        snprintf(what, sizeof what, "status %ld", later[i]);
        check_number(retry_status(later[i]), RETRY_LATER, what);
    }
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        snprintf(what, sizeof what, "status %ld", never[i]);
        check_number(retry_status(never[i]), RETRY_NOT, what);
    }
    check_number(retry_status(429), RETRY_SLOW_DOWN, "status 429");
    check_number(retry_status(503), RETRY_SLOW_DOWN, "status 503");
}

static void check_transfers(void)
{
    check_number(retry_transfer(CURLE_OK, true), RETRY_NOT, "no error");
    check_number(retry_transfer(CURLE_COULDNT_CONNECT, false), RETRY_UNREACHABLE, "refused");
    check_number(retry_transfer(CURLE_RECV_ERROR, true), RETRY_LATER, "reset");
    check_number(retry_transfer(CURLE_GOT_NOTHING, true), RETRY_LATER, "nothing");
    check_number(retry_transfer(CURLE_OPERATION_TIMEDOUT, true), RETRY_LATER, "timeout");
    check_number(retry_transfer(CURLE_HTTP2_STREAM, true), RETRY_LATER, "stream");
    check_number(retry_transfer(CURLE_COULDNT_RESOLVE_HOST, false), RETRY_HOPELESS,
                 "host at first");
    check_number(retry_transfer(CURLE_COULDNT_RESOLVE_HOST, true), RETRY_UNREACHABLE, "host later");
    check_number(retry_transfer(CURLE_UNSUPPORTED_PROTOCOL, false), RETRY_HOPELESS,
                 "no HTTP at first");
    check_number(retry_transfer(CURLE_UNSUPPORTED_PROTOCOL, true), RETRY_LATER, "no HTTP later");
    check_number(retry_transfer(CURLE_PEER_FAILED_VERIFICATION, true), RETRY_HOPELESS,
                 "certificate");
    check_number(retry_transfer(CURLE_SSL_CERTPROBLEM, false), RETRY_HOPELESS, "own certificate");
}

static void check_waits(void)
{
    const struct retry_policy policy = {100 * CLOCK_MS, 30 * CLOCK_SECOND, 300 * CLOCK_SECOND};
    /* Full jitter: from zero up to, not including, the longest wait. */
    check_number(retry_wait(&policy, 1, 0), 0, "first, no luck");
    check_number(retry_wait(&policy, 1, UINT32_MAX), 99 * CLOCK_MS, "first, longest");
    check_number(retry_wait(&policy, 1, UINT32_MAX / 2 + 1), 50 * CLOCK_MS, "first, half");
    check_number(retry_wait(&policy, 2, UINT32_MAX / 2 + 1), 100 * CLOCK_MS, "second, half");
    check_number(retry_wait(&policy, 5, UINT32_MAX / 2 + 1), 800 * CLOCK_MS, "fifth, half");
    check_number(retry_wait(&policy, 10, UINT32_MAX / 2 + 1), 15 * CLOCK_SECOND,
                 "tenth: the cap, half");
    check_number(retry_wait(&policy, 4000000000u, UINT32_MAX), 29999 * CLOCK_MS,
                 "for ever: the cap");
}

static void check_after(void)
{
    const int64_t noon = 784903551; /* Tue, 15 Nov 1994 12:45:51 GMT */
    check_number(retry_after("0", noon), 0, "0");
    check_number(retry_after("120", noon), 120 * CLOCK_SECOND, "120");
    check_number(retry_after("  7\t", noon), 7 * CLOCK_SECOND, "7 between blanks");
    check_number(retry_after("Tue, 15 Nov 1994 12:45:56 GMT", noon), 5 * CLOCK_SECOND, "IMF date");
    check_number(retry_after("Tuesday, 15-Nov-94 12:45:56 GMT", noon), 5 * CLOCK_SECOND,
                 "RFC 850 date");
    check_number(retry_after("Tue Nov 15 12:45:56 1994", noon), 5 * CLOCK_SECOND, "asctime date");
    check_number(retry_after("Tue, 15 Nov 1994 12:00:00 GMT", noon), 0, "a date that is past");
    check_number(retry_after("soon", noon), -1, "soon");
    check_number(retry_after("", noon), -1, "empty");
    check_number(retry_after("12 seconds", noon), -1, "12 seconds");
    check_number(retry_after("-5", noon), -1, "-5");
    check_number(retry_after("99999999999999999999999", noon), (int64_t)366 * 86400 * CLOCK_SECOND,
                 "huge");
}

static void check_deadlines(void)
{
    const struct retry_policy policy = {CLOCK_MS, CLOCK_SECOND, 300};
    check_number(retry_deadline(&policy, 1000, 5000, 0), 5300,
                 "all is well: from the first attempt");
    check_number(retry_deadline(&policy, 1000, 5000, 4900), 5200, "an outage that began before it");
    check_number(retry_deadline(&policy, 4950, 5000, 4900), 5250,
                 "… and before the event was read");
    check_number(retry_deadline(&policy, 1000, 5000, 6000), 5300, "an outage that began after it");
}

/* Requests are returned in the order in which they are due, whatever the order in which they were
 * added. */
static void check_schedule(void)
{
    enum { COUNT = 1000 };
    struct schedule schedule = {0};
    check_number(schedule_due(&schedule), INT64_MAX, "an empty schedule");
    check_number(schedule_take(&schedule) == NULL, true, "nothing from an empty schedule");
    for (int64_t i = 0; i < COUNT; i++)
        schedule_add(&schedule, i * 7919 % COUNT, NULL);
    for (int64_t i = 0; i < COUNT; i++) {
        check_number(schedule_due(&schedule), i, "the next");
        schedule_take(&schedule);
    }
    check_number((int64_t)schedule.count, 0, "all taken");
    schedule_free(&schedule);
}

/* How many may be sent at once, according to pace_may_send(). */
static size_t at_once(const struct pace *pace, int64_t now)
{
    size_t count = 0;
    while (count < 2000 && pace_may_send(pace, count, now))
        count++;
    return count;
}

static const struct retry_policy pace_policy = {100 * CLOCK_MS, 30 * CLOCK_SECOND,
                                                300 * CLOCK_SECOND};

static void fail_at(struct pace *pace, enum pace_failure kind, int64_t now, int64_t asked)
{
    pace_failure(pace, kind, 1, now, now, asked, UINT32_MAX / 2 + 1);
}

static void check_pace_steps(void)
{
    struct pace pace;
    pace_begin(&pace, 8, &pace_policy);
    check_number((int64_t)at_once(&pace, 1), 8, "all at once at first");
    fail_at(&pace, PACE_SLOWER, 1, 0);
    check_number((int64_t)at_once(&pace, 1), 7, "one fewer after a failure");
    for (int i = 0; i < 4; i++)
        pace_success(&pace);
    check_number((int64_t)at_once(&pace, 1), 8, "and as many again after four successes");
    for (int i = 0; i < 1000; i++)
        pace_success(&pace);
    check_number((int64_t)at_once(&pace, 1), 8, "but never more than there may be");
    fail_at(&pace, PACE_EVENT, 1, 0);
    check_number((int64_t)at_once(&pace, 1), 8,
                 "a failure that may be the event's own takes nothing");
    /* A Retry-After holds back all requests for that long, but not longer than --retry-for. */
    fail_at(&pace, PACE_SLOWER, 1000, 2 * CLOCK_SECOND);
    check_number((int64_t)at_once(&pace, 1000 + 2 * CLOCK_SECOND - 1), 0,
                 "nobody before Retry-After");
    check_number((int64_t)at_once(&pace, 1000 + 2 * CLOCK_SECOND), 7, "and then as before");
    fail_at(&pace, PACE_SLOWER, 1000, 3600 * CLOCK_SECOND);
    check_number(pace.not_before, 1000 + pace_policy.budget, "a Retry-After beyond --retry-for");
}

static void check_pace_outage(void)
{
    struct pace pace;
    int64_t now = CLOCK_SECOND;
    pace_begin(&pace, 8, &pace_policy);
    for (int i = 0; i < 7; i++)
        fail_at(&pace, PACE_SLOWER, now, 0);
    check_number(pace.probing, false, "seven failures of eight are no outage");
    fail_at(&pace, PACE_SLOWER, now, 0);
    check_number(pace.probing, true, "as many failures in a row as go at once are one");
    pace_begin(&pace, 8, &pace_policy);
    for (int i = 0; i < 4; i++)
        fail_at(&pace, PACE_NOBODY, now, 0);
    check_number(pace.probing, true, "and half as many where nobody answers");
    check_number((int64_t)at_once(&pace, now), 0, "which waits");
    check_number(pace.not_before, now + 50 * CLOCK_MS,
                 "… half of the first wait, as chance has it");
    check_number((int64_t)at_once(&pace, pace.not_before), 1, "and then one request probes");
    /* Requests sent before that only confirm it. */
    int64_t next = pace.not_before;
    pace_failure(&pace, PACE_NOBODY, 1, now - 1, now + 1, 0, UINT32_MAX);
    check_number(pace.not_before, next, "an answer to what was sent before");
    for (int i = 1; i <= 20; i++) {
        now = pace.not_before;
        fail_at(&pace, PACE_NOBODY, now + 1, 0);
        check_number(at_once(&pace, now + 1) == 0 && pace.not_before - now <= pace_policy.cap, true,
                     "each probe that fails is followed by a wait, up to the cap");
    }
    check_number(pace.not_before - now - 1, pace_policy.cap / 2, "which has grown to it");
    pace_success(&pace);
    check_number((int64_t)at_once(&pace, now), 2, "a success ends it at once, from the bottom");
    for (int i = 0; i < 3; i++)
        pace_success(&pace);
    check_number(at_once(&pace, now) >= 4, true, "growing fast to half of what it was");
    /* One event that always fails is not an outage. */
    pace_begin(&pace, 8, &pace_policy);
    for (unsigned i = 1; i < 50; i++)
        pace_failure(&pace, PACE_EVENT, i, now, now, 0, 0);
    check_number(pace.probing, false, "one event that always fails is no outage");
    for (unsigned i = 0; i < 8; i++)
        pace_failure(&pace, PACE_EVENT, 1, now, now, 0, 0);
    check_number(pace.probing, true, "all events failing are one");
}

/* The mean number of concurrent requests while this share of requests fails. */
static int64_t mean_at_once(size_t most, unsigned percent, unsigned *outages)
{
    struct pace pace;
    uint64_t random = 88172645463325252u;
    int64_t sum = 0;
    const int rounds = 100000;
    pace_begin(&pace, most, &pace_policy);
    *outages = 0;
    for (int i = 0; i < rounds; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        bool was = pace.probing;
        if (random / 1024 % 100 < percent)
            fail_at(&pace, PACE_SLOWER, i, 0);
        else
            pace_success(&pace);
        *outages += pace.probing && !was;
        sum += (int64_t)at_once(&pace, INT64_MAX);
    }
    return sum / rounds;
}

static void check_pace_shares(void)
{
    unsigned outages;
    check_number(mean_at_once(8, 15, &outages) >= 6, true, "15% faults: nearly all of 8 at once");
    check_number(outages <= 8, true, "… and hardly ever an outage");
    check_number(mean_at_once(100, 15, &outages) >= 95, true,
                 "15% faults: nearly all of 100 at once");
    check_number(mean_at_once(100, 60, &outages) <= 10, true, "60%: few");
    check_number(mean_at_once(8, 100, &outages), 1, "all: one");
}

int main(void)
{
    check_statuses();
    check_transfers();
    check_waits();
    check_after();
    check_deadlines();
    check_schedule();
    check_pace_steps();
    check_pace_outage();
    check_pace_shares();
    return check_report();
}
