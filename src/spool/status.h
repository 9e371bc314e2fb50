/* status: what a spool holds and how its delivery goes, for people and for monitoring. */
#ifndef STATUS_H
#define STATUS_H

#include "base/out.h"

#include <stdint.h>

struct status_options {
    bool ndjson;  /* one JSON object a directory; else a table */
    int64_t warn; /* microseconds: an event that has waited for longer is a finding; -1: none is */
};

/* Writes the status of each directory.  A directory with lines in failed/, or with events older
 * than `warn`, raises STATUS_REJECTED; one that cannot be read is a message and STATUS_FAILED. */
void status_report(const struct status_options *options, char *const *directory, size_t count,
                   struct out *out);

/* Puts the lines in each directory's failed/ back into its new/, as the newest segments, and
 * removes the receipts that were beside them.  Tells how many on standard error.  What fails is a
 * message and STATUS_FAILED. */
void status_retry_failed(char *const *directory, size_t count);

#endif
