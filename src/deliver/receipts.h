/* receipts: what became of each input line, for --receipts=FILE.
 *
 * One line of NDJSON an input line, as its outcome becomes known:
 *
 *     {"line":17,"path":"5234/jobs/…-succeeded.json","outcome":"delivered","status":200,
 *      "attempts":1,"bytes":929,"queued":0.000071,"seconds":0.001234,"digest":"9f86d081884c7d65"}
 *
 * For a program that shares a key (mac.h), a line that was delivered has "mac" in place of
 * "digest", and any other has both.
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

enum { RECEIPTS_DIGEST = 16 }; /* hex digits of the line's SHA-256, or of its MAC */

struct receipt {
    size_t line;      /* of its file, counted from 1 */
    struct span path; /* a JSON string's content, as it stands in the line; at == NULL: none */
    struct span text; /* the line as it was read, for its digest; at == NULL: it was too long */
    size_t bytes;     /* of the event; 0 where none could be read */
    int64_t read_at;  /* when the line was read; sent_at - read_at is `queued`, … */
    int64_t now;      /* … now - sent_at `seconds` */
    struct mac *mac;  /* NULL: no key is shared */
};

/* Appends the receipt.  False once a write has failed: receipts->error says why. */
bool receipts_write(struct append *receipts, const struct receipt *receipt,
                    const struct outcome *outcome);

/* The first 64 bits of the SHA-256 of a line, whose RECEIPTS_DIGEST hex digits are "digest". */
uint64_t receipts_digest(struct span text);

#endif
