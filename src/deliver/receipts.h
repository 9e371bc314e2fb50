/* receipts: what became of each input line, for --receipts=FILE.
 *
 * One line of NDJSON an input line, as its outcome becomes known:
 *
 *     {"line":17,"path":"5234/jobs/…-succeeded.json","outcome":"delivered","status":200,
 *      "attempts":1,"bytes":929,"queued":0.000071,"seconds":0.001234,"digest":"9f86d081884c7d65"}
 *
 * For a program that shares a key (mac.h), "mac" takes the place of "digest"; a line that was not
 * delivered has both.  Lines that follow each other and were delivered alike have one receipt
 * together then, whose "mac" has 16 digits for each of them, one after the other:
 *
 *     {"line":17,"lines":2,"outcome":"delivered","status":200,"attempts":1,
 *      "mac":"3a1f09c2d47be85650e7c1a98f2b6d34"}
 *
 * Of a line that was not delivered there is its "reason", and after that what is the sink's own:
 * "etag" of an S3 object, or the members of outcome.more. receipts_reader.h reads them back.
 */
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
    size_t line;      /* of its file, counted from 1 */
    struct span path; /* a JSON string's content, as it is written in the line; at == NULL: none */
    struct span text; /* the line as it was read, for its digest; at == NULL: it was too long */
    size_t bytes;     /* of the event; 0 where none could be read */
    int64_t read_at;  /* when the line was read; sent_at - read_at is `queued`, … */
    int64_t now;      /* … now - sent_at `seconds` */
    struct mac *mac;  /* NULL: no key is shared */
};

/* The lines of one receipt. */
struct receipts_run {
    size_t line;  /* the first one's number */
    size_t lines; /* 0: there are none */
    enum outcome_kind kind;
    long status;
    unsigned attempts;
    uint64_t mac[RECEIPTS_RUN];
};

/* Whether a line with this outcome may share a receipt: it was delivered, and there is nothing more
 * to tell. */
bool receipts_run_takes(const struct outcome *outcome);

/* Adds a line, with a key and such an outcome.  A run that is full, or that the line does not
 * belong to, is written first.  As receipts_write(). */
bool receipts_run_add(struct append *receipts, struct receipts_run *run,
                      const struct receipt *receipt, const struct outcome *outcome);

/* Appends the receipt of the run, if that has lines, and empties it.  As receipts_write(). */
bool receipts_run_write(struct append *receipts, struct receipts_run *run);

/* Appends the receipt.  False once a write has failed: receipts->error says why. */
bool receipts_write(struct append *receipts, const struct receipt *receipt,
                    const struct outcome *outcome);

/* Writes numbers as "mac" and "digest" have them: RECEIPTS_DIGEST hex digits each. */
void receipts_digits(const uint64_t *number, size_t count, char *digits);

/* The first 64 bits of the SHA-256 of a line, whose RECEIPTS_DIGEST hex digits are "digest". */
uint64_t receipts_digest(struct span text);

#endif
