#include "config.h"

#include "base/clock.h"
#include "deliver/retry.h"
#include "spool/backoff.h"

#include <limits.h>

int64_t backoff_failure(struct backoff *backoff, uint32_t random)
{
    const struct retry_policy policy = {.base = CLOCK_SECOND, .cap = backoff->longest};
    if (backoff->failures < UINT_MAX)
        backoff->failures++;
    return retry_wait(&policy, backoff->failures, random);
}

void backoff_reset(struct backoff *backoff)
{
    backoff->failures = 0;
}
