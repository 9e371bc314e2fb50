/* filter: the common parts of every tool's loop.
 *
 * Each line is a record, the tool's transform decides what becomes of it, and the rest is the same
 * for all: output is flushed before a wait, rejects are named, kept and counted, and there are
 * limits and the status at the end. */
#ifndef FILTER_H
#define FILTER_H

#include "base/append.h"
#include "base/diag.h"
#include "base/flood.h"
#include "base/input.h"
#include "base/options.h"
#include "base/out.h"
#include "filter/reader.h"
#include "json/edit.h"

enum verdict {
    VERDICT_PASS,   /* the record is written unchanged */
    VERDICT_EDIT,   /* the edit is written in its place */
    VERDICT_DROP,   /* nothing is written, which is not an error */
    VERDICT_REJECT, /* the record is rejected, for the given reason */
    VERDICT_LEAVE,  /* only with threads (parallel.h): this line is not a record by itself */
};

/* Decides what becomes of a record.  The record stays in place until the edit is written. */
typedef enum verdict filter_transform(void *context, struct span record, struct edit *edit,
                                      struct reason *reason);

struct filter {
    struct input input;
    struct out out;        /* standard output */
    struct append rejects; /* --rejects, if rejects_file is set */
    const char *rejects_file;
    const char *files0_from; /* --files0-from */
    size_t max_record;       /* --max-record, bytes */
    bool fail_fast;          /* --fail-fast */
    bool stop;               /* no further record should be read */
    struct flood flood;      /* of rejects; flood.all is --verbose */
    struct edit edit;
};

/* The defaults, for an initializer. */
#define FILTER                                                                                     \
    {                                                                                              \
        .max_record = (size_t)256 << 20, .rejects.fd = -1                                          \
    }

/* The options that all the tools share; the context is struct filter. */
extern const struct option_line filter_options[];

/* Opens the files of the options and begins with the operands.  From now on SIGHUP, SIGINT and
 * SIGTERM are requests to stop (interrupt.h).  False after a message. */
bool filter_begin(struct filter *filter, char *const *operand, size_t operands);

/* Keeps bytes of a record that will be rejected, for --rejects: because it is too large for memory,
 * or because the tool has a message of its own. */
void filter_keep(struct filter *filter, struct span bytes);

/* Names the record in a message, writes its bytes to --rejects, as a line, and raises the status.
 * With --fail-fast it is the last record. */
void filter_reject(struct filter *filter, const struct record *record, const char *reason);

/* filter_reject() in two parts, for records whose message and bytes are written separately: the
 * message, and the kept bytes (with the text if it is not all kept yet) as a line. */
void filter_name(struct filter *filter, const struct record *record, const char *reason);
void filter_keep_line(struct filter *filter, const struct record *record);

/* Writes a message about records with flood control: of those whose `kind` differs only in numbers,
 * ten are printed and the others are counted. */
void filter_warn(struct filter *filter, const char *kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Flushes the output: for a before_wait() that does more than the default one. */
void filter_flush(void *filter);

/* Reports a failed write, once, and sets `stop`; for a file of the tool's own.  The second closes
 * the file first, if it was opened. */
void filter_check_write(struct filter *filter, struct out *out);
void filter_close_out(struct filter *filter, struct out *out);

/* The same for a file to which lines are appended. */
void filter_check_append(struct filter *filter, struct append *append);
void filter_close_append(struct filter *filter, struct append *append);

/* Writes a line: bytes, or an edit, and a newline.  On failure sets `stop`. */
void filter_write(struct filter *filter, struct span line);
void filter_write_edit(struct filter *filter);

/* Calls `transform` for a record, and writes the result to `out`; that may fail.  VERDICT_REJECT
 * comes with a reason, and is handled by the caller. */
enum verdict filter_record(filter_transform *transform, void *context, struct span record,
                           struct edit *edit, struct out *out, struct reason *reason);

/* Whether a signal has stopped the reading of a file that can be read again: an incomplete record
 * is then left to the next run. */
bool filter_unfinished(const struct filter *filter);

/* Reports where a signal has stopped the reading, if one has: after that line of the file; NULL:
 * before any.  The status is STATUS_FAILED if there is certainly unread input. */
void filter_tell_interrupt(struct filter *filter, const char *source, size_t line);

/* Reads records until the end, or a signal, and calls `transform` for each. */
void filter_lines(struct filter *filter, filter_transform *transform, void *context);

/* Flushes and closes everything; returns the exit status. */
int filter_end(struct filter *filter);

#endif
