/* retry-units: checks of what deliver decides without a clock or a network of its own: whether a
 * request is tried again, when, and in which order.
 *
 * Prints each check that fails, and how many there were; status 1 if any failed.
 */
#include "config.h"

#include "base/clock.h"
#include "deliver/retry.h"
#include "deliver/schedule.h"

#include <inttypes.h>
#include <stdio.h>

static unsigned checks, failures;

static void check(int64_t is, int64_t should, const char *what)
{
    checks++;
    if (is == should)
        return;
    failures++;
    printf("%s: %" PRId64 ", not %" PRId64 "\n", what, is, should);
}

static void check_statuses(void)
{
    static const long later[] = {408, 425, 500, 502, 504, 522, 524};
    static const long never[] = {200, 202, 204, 301, 400, 401, 403,
                                 404, 409, 412, 413, 501, 505, 0};
    char what[40];
    for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
        snprintf(what, sizeof what, "status %ld", later[i]);
        check(retry_status(later[i]), RETRY_LATER, what);
    }
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        snprintf(what, sizeof what, "status %ld", never[i]);
        check(retry_status(never[i]), RETRY_NOT, what);
    }
    check(retry_status(429), RETRY_SLOW_DOWN, "status 429");
    check(retry_status(503), RETRY_SLOW_DOWN, "status 503");
}

static void check_transfers(void)
{
    check(retry_transfer(CURLE_OK, true), RETRY_NOT, "no error");
    check(retry_transfer(CURLE_COULDNT_CONNECT, false), RETRY_UNREACHABLE, "refused");
    check(retry_transfer(CURLE_RECV_ERROR, true), RETRY_LATER, "reset");
    check(retry_transfer(CURLE_GOT_NOTHING, true), RETRY_LATER, "nothing");
    check(retry_transfer(CURLE_OPERATION_TIMEDOUT, true), RETRY_LATER, "timeout");
    check(retry_transfer(CURLE_HTTP2_STREAM, true), RETRY_LATER, "stream");
    check(retry_transfer(CURLE_COULDNT_RESOLVE_HOST, false), RETRY_HOPELESS, "host at first");
    check(retry_transfer(CURLE_COULDNT_RESOLVE_HOST, true), RETRY_UNREACHABLE, "host later");
    check(retry_transfer(CURLE_UNSUPPORTED_PROTOCOL, false), RETRY_HOPELESS, "no HTTP at first");
    check(retry_transfer(CURLE_UNSUPPORTED_PROTOCOL, true), RETRY_LATER, "no HTTP later");
    check(retry_transfer(CURLE_PEER_FAILED_VERIFICATION, true), RETRY_HOPELESS, "certificate");
    check(retry_transfer(CURLE_SSL_CERTPROBLEM, false), RETRY_HOPELESS, "own certificate");
}

static void check_waits(void)
{
    const struct retry_policy policy = {100 * CLOCK_MS, 30 * CLOCK_SECOND, 300 * CLOCK_SECOND};
    /* Full jitter: from nothing up to, not including, the longest. */
    check(retry_wait(&policy, 1, 0), 0, "first, no luck");
    check(retry_wait(&policy, 1, UINT32_MAX), 99 * CLOCK_MS, "first, longest");
    check(retry_wait(&policy, 1, UINT32_MAX / 2 + 1), 50 * CLOCK_MS, "first, half");
    check(retry_wait(&policy, 2, UINT32_MAX / 2 + 1), 100 * CLOCK_MS, "second, half");
    check(retry_wait(&policy, 5, UINT32_MAX / 2 + 1), 800 * CLOCK_MS, "fifth, half");
    check(retry_wait(&policy, 10, UINT32_MAX / 2 + 1), 15 * CLOCK_SECOND, "tenth: the cap, half");
    check(retry_wait(&policy, 4000000000u, UINT32_MAX), 29999 * CLOCK_MS, "for ever: the cap");
}

static void check_after(void)
{
    const int64_t noon = 784903551; /* Tue, 15 Nov 1994 12:45:51 GMT */
    check(retry_after("0", noon), 0, "0");
    check(retry_after("120", noon), 120 * CLOCK_SECOND, "120");
    check(retry_after("  7\t", noon), 7 * CLOCK_SECOND, "7 between blanks");
    check(retry_after("Tue, 15 Nov 1994 12:45:56 GMT", noon), 5 * CLOCK_SECOND, "IMF date");
    check(retry_after("Tuesday, 15-Nov-94 12:45:56 GMT", noon), 5 * CLOCK_SECOND, "RFC 850 date");
    check(retry_after("Tue Nov 15 12:45:56 1994", noon), 5 * CLOCK_SECOND, "asctime date");
    check(retry_after("Tue, 15 Nov 1994 12:00:00 GMT", noon), 0, "a date that is past");
    check(retry_after("soon", noon), -1, "soon");
    check(retry_after("", noon), -1, "empty");
    check(retry_after("12 seconds", noon), -1, "12 seconds");
    check(retry_after("-5", noon), -1, "-5");
    check(retry_after("99999999999999999999999", noon), (int64_t)366 * 86400 * CLOCK_SECOND,
          "huge");
}

static void check_deadlines(void)
{
    const struct retry_policy policy = {CLOCK_MS, CLOCK_SECOND, 300};
    check(retry_deadline(&policy, 1000, 5000, 0), 5300, "all is well: from the first attempt");
    check(retry_deadline(&policy, 1000, 5000, 4900), 5200, "an outage that began before it");
    check(retry_deadline(&policy, 4950, 5000, 4900), 5250, "… and before the event was read");
    check(retry_deadline(&policy, 1000, 5000, 6000), 5300, "an outage that began after it");
}

/* Requests come out in the order in which they are due, whatever the order in which they came. */
static void check_schedule(void)
{
    enum { COUNT = 1000 };
    struct schedule schedule = {0};
    check(schedule_due(&schedule), INT64_MAX, "an empty schedule");
    check(schedule_take(&schedule) == NULL, true, "nothing from an empty schedule");
    for (int64_t i = 0; i < COUNT; i++)
        schedule_add(&schedule, i * 7919 % COUNT, NULL);
    for (int64_t i = 0; i < COUNT; i++) {
        check(schedule_due(&schedule), i, "the next");
        schedule_take(&schedule);
    }
    check((int64_t)schedule.count, 0, "all taken");
    schedule_free(&schedule);
}

int main(void)
{
    check_statuses();
    check_transfers();
    check_waits();
    check_after();
    check_deadlines();
    check_schedule();
    printf("%u checks, %u failed\n", checks, failures);
    return failures > 0;
}
