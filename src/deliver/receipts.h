/* receipts: what became of each input line, for --receipts=FILE.
 *
 * One line of NDJSON an input line, as its outcome becomes known:
 *
 *     {"line":17,"path":"5234/jobs/…-succeeded.json","outcome":"delivered","status":200,
 *      "attempts":1,"bytes":929,"seconds":0.001234}
 *
 * and of an S3 object a last member "etag".
 */
#ifndef RECEIPTS_H
#define RECEIPTS_H

#include "base/out.h"

#include <stdint.h>

enum outcome {
    OUTCOME_DELIVERED,   /* it is where it was to go */
    OUTCOME_EXISTS,      /* something was there already and stays: a success */
    OUTCOME_REJECTED,    /* it is not fit to be delivered */
    OUTCOME_UNDELIVERED, /* it is fit, but could not be delivered, now or at all */
};

struct receipt {
    size_t line;      /* of its file, counted from 1 */
    struct span path; /* a JSON string's content, as it stands in the line; at == NULL: none */
    enum outcome outcome;
    int status;           /* of the last HTTP answer; 0: there was none, which leaves as null */
    unsigned attempts;    /* how often delivery was tried; 0 for a line that was not fit for it */
    size_t bytes;         /* of the event; 0 where none could be read */
    int64_t microseconds; /* from when the line was read to when its outcome was certain */
    const char *etag;     /* of the object that was made, fit for a JSON string; NULL: none */
};

/* Writes the line.  False once a write has failed: out->error says why. */
bool receipts_write(struct out *out, const struct receipt *receipt);

/* Microseconds on a clock that only goes forward, for `microseconds`. */
int64_t receipts_clock(void);

#endif
