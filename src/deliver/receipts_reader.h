/* receipts_reader: the receipts in a file that earlier runs wrote, in order.
 *
 * A line that is torn (a run was killed, the disk was full) or is not a receipt is skipped and
 * counted: the only consequence is that its event is delivered again. */
#ifndef RECEIPTS_READER_H
#define RECEIPTS_READER_H

#include "deliver/receipts.h"
#include "json/json.h"

#include <stdio.h>

/* A parsed receipt; its spans are valid until the next one is read. */
struct receipt_read {
    size_t line;
    struct span path; /* decoded; at == NULL: it has none, or one that cannot be decoded */
    enum outcome_kind kind;
    struct span digest; /* "" if it has none */
    struct span mac;    /* the same; for several lines, in order */
    struct span text;   /* the receipt itself, without its newline */
};

struct receipts_reader {
    const char *name;
    FILE *file;
    char *buffer; /* a line, from getline(3) */
    size_t size;
    char *path; /* a decoded path */
    size_t path_size;
    size_t passed_over; /* lines that are not receipts */
    struct json json;
};

/* Parses one receipt.  path is as written, with escapes, and all spans point into the text.  json
 * is for the function's use.  False: the line is torn, or not a receipt. */
bool receipts_parse(struct json *json, struct span text, struct receipt_read *receipt);

/* Opens the file; name must stay valid.  False with errno set. */
bool receipts_reader_open(struct receipts_reader *reader, const char *name);

/* The next receipt.  False: there is none, or reading failed or ran out of memory;
 * receipts_reader_close() distinguishes them. */
bool receipts_reader_next(struct receipts_reader *reader, struct receipt_read *receipt);

/* Closes.  False with errno set: not everything could be read. */
bool receipts_reader_close(struct receipts_reader *reader);

#endif
