/* journal: the records of each request: an access line, a receipt, and the body of a bad one.
 *
 * Any thread may call these.  Bytes of a request are written as in messages: control characters and
 * invalid UTF-8 as \xNN, long texts truncated. */
#ifndef JOURNAL_H
#define JOURNAL_H

#include "base/append.h"
#include "base/diag.h"

#include <pthread.h>
#include <stdint.h>

struct journal {
    bool verbose;              /* an access line for each request on standard error */
    const char *receipts_file; /* NULL: none */
    const char *rejects_file;
    struct append receipts, rejects;
    pthread_mutex_t lock;
};

struct journal_entry {
    const char *client;        /* an IP address, or "unix" */
    const char *method, *path; /* as in the request */
    unsigned status;
    size_t events; /* that were kept */
    size_t bytes;  /* of the decompressed body */
    int64_t microseconds;
    const char *error; /* why it was refused; NULL: it was not */
};

/* Opens the files.  False after a message. */
bool journal_open(struct journal *journal);

/* Opens the files again under their names, after a log rotation.  False after a message. */
bool journal_reopen(struct journal *journal);

/* Writes the access line and the receipt.  A receipt that cannot be written is one message and
 * STATUS_FAILED. */
void journal_write(struct journal *journal, const struct journal_entry *entry);

/* Appends the body of a bad request to the rejects, if they are kept.  False: it could not be
 * written, which is one message and STATUS_FAILED. */
bool journal_reject(struct journal *journal, struct span body);

/* Closes the files.  False after a message: not everything could be written. */
bool journal_close(struct journal *journal);

#endif
