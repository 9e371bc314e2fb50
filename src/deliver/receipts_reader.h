/* receipts_reader: the receipts in a file that earlier runs wrote, one after the other.
 *
 * A line that is torn (a run was killed, the disk was full) or is no receipt is passed over and
 * counted: what has no receipt is delivered again, and that is all it costs.
 */
#ifndef RECEIPTS_READER_H
#define RECEIPTS_READER_H

#include "deliver/receipts.h"
#include "json/json.h"

#include <stdio.h>

/* A receipt as read; its spans stay until the next one is. */
struct receipt_read {
    size_t line;
    struct span path; /* decoded; at == NULL: it has none, or one that cannot be decoded */
    enum outcome_kind kind;
    struct span digest; /* "" where it has none */
    struct span mac;    /* the same; of several lines, one after the other */
    struct span text;   /* the receipt itself, without its newline */
};

struct receipts_reader {
    const char *name;
    FILE *file;
    char *buffer; /* a line, of getline(3) */
    size_t size;
    char *path; /* a decoded path */
    size_t path_size;
    size_t passed_over; /* lines that are no receipts */
    struct json json;
};

/* Reads one receipt.  path is as it is written in it, with escapes, and all spans point into the
 * text. json is for its use.  False: the line is torn, or no receipt. */
bool receipts_parse(struct json *json, struct span text, struct receipt_read *receipt);

/* Opens the file; name must stay.  False with errno set. */
bool receipts_reader_open(struct receipts_reader *reader, const char *name);

/* The next receipt.  False: there is none, or reading failed or ran out of memory, which
 * receipts_reader_close() tells apart. */
bool receipts_reader_next(struct receipts_reader *reader, struct receipt_read *receipt);

/* Closes.  False with errno set: not all could be read. */
bool receipts_reader_close(struct receipts_reader *reader);

#endif
