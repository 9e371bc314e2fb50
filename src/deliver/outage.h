/* outage: since when nothing gets through, told once when that begins and once when it ends.
 *
 * Times are microseconds of clock_now().
 */
#ifndef OUTAGE_H
#define OUTAGE_H

#include <stdbool.h>
#include <stdint.h>

struct outage {
    const char *name;   /* of the service */
    int64_t since;      /* of the first failure after which nothing got through; 0: all is well */
    int64_t told_until; /* the moment that was named; 0: nothing was told */
};

/* A request has failed.  Says so, and until when events are tried, if this is certain: `certain`,
 * or it has lasted a second.  budget is --retry-for. */
void outage_failure(struct outage *outage, const char *why, bool certain, int64_t now,
                    int64_t budget);

/* Something got through.  Says so if the outage was told. */
void outage_success(struct outage *outage, int64_t now);

#endif
