#include "config.h"

#include "deliver/pace.h"

enum {
    WHOLE = 8,        /* a request, in eighths */
    LESS = WHOLE / 2, /* what a failure takes away */
    MORE = 1,         /* what a success gives back */
    LEAST_ROW = 6,    /* consecutive failures that are an outage, at least */
};

void pace_begin(struct pace *pace, size_t most, const struct retry_policy *policy)
{
    *pace =
        (struct pace){.policy = *policy, .most = most, .eighths = most * WHOLE, .threshold = WHOLE};
}

static size_t at_once(const struct pace *pace)
{
    return pace->probing ? 1 : pace->eighths / WHOLE;
}

bool pace_may_send(const struct pace *pace, size_t under_way, int64_t now)
{
    return under_way < at_once(pace) && now >= pace->not_before;
}

void pace_success(struct pace *pace)
{
    if (pace->probing) {
        pace->probing = false;
        pace->probes = 0;
        pace->threshold = pace->row * WHOLE / 2;
        pace->eighths = WHOLE;
        pace->not_before = 0;
    }
    pace->failures = 0;
    pace->eighths += pace->eighths < pace->threshold ? WHOLE : MORE;
    if (pace->eighths > pace->most * WHOLE)
        pace->eighths = pace->most * WHOLE;
}

static void hold(struct pace *pace, int64_t now, int64_t wait)
{
    if (wait > pace->policy.budget)
        wait = pace->policy.budget;
    if (pace->not_before < now + wait)
        pace->not_before = now + wait;
}

/* Counts a failure in the row.  True: the service is unavailable.  A failure to connect counts
 * twice. */
static bool count_failure(struct pace *pace, enum pace_failure kind)
{
    if (pace->failures == 0)
        pace->row = pace->eighths / WHOLE;
    pace->failures += kind == PACE_NOBODY ? 2 : 1;
    return pace->failures >= (pace->row > LEAST_ROW ? pace->row : LEAST_ROW);
}

void pace_failure(struct pace *pace, enum pace_failure kind, unsigned attempt, int64_t sent,
                  int64_t now, int64_t asked, uint32_t random)
{
    if (asked > 0)
        hold(pace, now, asked);
    if (pace->probing) {
        /* Requests that were under way when the outage was noticed only confirm it. */
        if (sent <= pace->probing_since)
            return;
        pace->probes++;
        hold(pace, now, retry_wait(&pace->policy, pace->probes + 1, random));
        return;
    }
    /* An event that always fails is no outage, however often it is tried. */
    if (kind == PACE_EVENT && attempt > 1)
        return;
    if (count_failure(pace, kind)) {
        pace->probing = true;
        pace->probing_since = now;
        pace->probes = 0;
        hold(pace, now, retry_wait(&pace->policy, 1, random));
        return;
    }
    if (kind != PACE_EVENT && pace->eighths >= WHOLE + LESS)
        pace->eighths -= LESS;
    else if (kind != PACE_EVENT)
        pace->eighths = WHOLE;
}
