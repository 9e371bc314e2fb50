/* status: the contents of a spool and the state of its delivery, for people and for monitoring. */
#ifndef STATUS_H
#define STATUS_H

#include "base/out.h"

#include <stdint.h>

struct status_options {
    bool ndjson;  /* one JSON object for each directory; else a table */
    int64_t warn; /* microseconds: an event that has waited longer is a finding; -1: no limit */
};

/* Writes the status of each directory.  A directory with lines in failed/, or with events older
 * than `warn`, raises STATUS_REJECTED; one that cannot be read is a message and STATUS_FAILED. */
void status_report(const struct status_options *options, char *const *directory, size_t count,
                   struct out *out);

/* Moves the lines in each directory's failed/ back to its new/, as the newest segments, and removes
 * their receipts.  Reports their number on standard error.  A failure is a message and
 * STATUS_FAILED. */
void status_retry_failed(char *const *directory, size_t count);

#endif
