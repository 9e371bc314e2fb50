/* outage: how long nothing has been delivered; reported once when that begins and once when it
 * ends.
 *
 * Times are microseconds of clock_now(). */
#ifndef OUTAGE_H
#define OUTAGE_H

#include <stdbool.h>
#include <stdint.h>

struct outage {
    const char *name;   /* of the service */
    int64_t since;      /* of the first failure after the last success; 0: there is no outage */
    int64_t told_until; /* the end of the retries, as reported; 0: nothing was reported */
};

/* A request has failed.  Reports it, and until when events are retried, once the outage is certain:
 * `certain` is set, or it has lasted a second.  budget is --retry-for. */
void outage_failure(struct outage *outage, const char *why, bool certain, int64_t now,
                    int64_t budget);

/* A request succeeded.  Reports the end of the outage if its beginning was reported. */
void outage_success(struct outage *outage, int64_t now);

#endif
