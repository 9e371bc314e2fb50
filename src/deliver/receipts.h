/* receipts: the outcome of each input line, for --receipts=FILE.
 *
 * One line of NDJSON for each input line, written when its outcome is known:
 *
 *     {"line":17,"path":"5234/jobs/…-succeeded.json","outcome":"delivered","status":200,
 *      "attempts":1,"bytes":929,"queued":0.000071,"seconds":0.001234,"digest":"9f86d081884c7d65"}
 *
 * For a program that shares a key (mac.h), "mac" takes the place of "digest"; a line that was not
 * delivered has both.  Consecutive lines with equal results then share one receipt, whose "mac" has
 * 16 digits for each of them, in order:
 *
 *     {"line":17,"lines":2,"outcome":"delivered","status":200,"attempts":1,
 *      "mac":"3a1f09c2d47be85650e7c1a98f2b6d34"}
 *
 * A line that was not delivered has a "reason".  The sink's own members follow: "etag" of an S3
 * object, or the members of outcome.more.  receipts_reader.h reads receipts. */
#ifndef RECEIPTS_H
#define RECEIPTS_H

#include "base/append.h"
#include "base/mac.h"
#include "deliver/outcome.h"

#include <stdint.h>

enum {
    RECEIPTS_DIGEST = 16, /* hex digits of the line's SHA-256, or of its MAC */
    RECEIPTS_RUN = 256,   /* lines of one receipt, at most */
};

struct receipt {
    size_t line;      /* number in its file, from 1 */
    struct span path; /* the content of a JSON string, as written in the line; at == NULL: none */
    struct span text; /* the line as it was read, for its digest; at == NULL: it was too long */
    size_t bytes;     /* of the event; 0: it could not be read */
    int64_t read_at;  /* when the line was read; sent_at - read_at is `queued`, … */
    int64_t now;      /* … now - sent_at `seconds` */
    struct mac *mac;  /* NULL: no key is shared */
};

/* The lines of one receipt. */
struct receipts_run {
    size_t line;  /* the first line's number */
    size_t lines; /* 0: the run is empty */
    enum outcome_kind kind;
    long status;
    unsigned attempts;
    uint64_t mac[RECEIPTS_RUN];
};

/* Whether a line with this outcome may share a receipt: it was delivered, and its receipt has no
 * further members. */
bool receipts_run_takes(const struct outcome *outcome);

/* Adds a line, with a key and such an outcome.  If the run is full, or the line does not belong to
 * it, the run is written first.  Returns as receipts_write(). */
bool receipts_run_add(struct append *receipts, struct receipts_run *run,
                      const struct receipt *receipt, const struct outcome *outcome);

/* Appends the run's receipt, if it has lines, and empties it.  Returns as receipts_write(). */
bool receipts_run_write(struct append *receipts, struct receipts_run *run);

/* Appends the receipt.  False once a write has failed: receipts->error is the reason. */
bool receipts_write(struct append *receipts, const struct receipt *receipt,
                    const struct outcome *outcome);

/* Writes numbers as in "mac" and "digest": RECEIPTS_DIGEST hex digits each. */
void receipts_digits(const uint64_t *number, size_t count, char *digits);

/* The first 64 bits of a line's SHA-256, which "digest" has as RECEIPTS_DIGEST hex digits. */
uint64_t receipts_digest(struct span text);

#endif
