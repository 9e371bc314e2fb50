/* filter: what every tool's loop has in common.
 *
 * Records come in one a line, the tool's transform says what becomes of each, and the rest is the
 * same for all: output that is flushed before a wait, rejects that are named, kept and counted,
 * limits, and the status at the end.
 */
#ifndef FILTER_H
#define FILTER_H

#include "diag.h"
#include "edit.h"
#include "input.h"
#include "lines.h"
#include "options.h"
#include "out.h"

enum verdict {
    VERDICT_PASS,   /* the record leaves as it came */
    VERDICT_EDIT,   /* the edit leaves in its place */
    VERDICT_DROP,   /* nothing leaves, and that is no error */
    VERDICT_REJECT, /* the record is rejected, for the reason given */
};

/* Says what becomes of a record.  The record stays in place until the edit is written. */
typedef enum verdict transform(void *context, struct span record, struct edit *edit,
                               struct reason *reason);

struct filter {
    struct input input;
    struct out out;     /* standard output */
    struct out rejects; /* --rejects, if rejects_file is set */
    const char *rejects_file;
    size_t max_record; /* --max-record, bytes */
    bool fail_fast;    /* --fail-fast */
    bool stop;         /* no further record is to be read */
    struct edit edit;
};

/* The options that all the tools share, for struct program's `more`. */
extern const struct option_line filter_options[];

/* First call of every main(): names the program, makes sure that descriptors 0 to 2 are open, so
 * that no file is taken for standard output, lets a closed pipe be an error of the write, and sets
 * the defaults. */
void filter_init(struct filter *filter, const char *program);

/* Takes an option.  False: it is not one of filter_options.  What it reads wrong is a usage error;
 * `stop` is then set. */
bool filter_option(struct filter *filter, int id, const char *value);

/* Opens what the options name and begins with the operands.  False after a message. */
bool filter_begin(struct filter *filter, char *const *operand, size_t operands);

/* Names the record in a message, keeps its bytes for --rejects and raises the status.  With
 * --fail-fast it is the last. */
void filter_reject(struct filter *filter, const struct record *record, const char *reason);

/* filter_reject() in two parts, for records whose message and bytes do not come together. */
void filter_name(struct filter *filter, const struct record *record, const char *reason);
void filter_keep(struct filter *filter, const struct record *record);

/* Keeps a part of a record that is too long for --rejects; filter_reject() ends it. */
void filter_keep_chunk(void *filter, struct span chunk);

/* Writes out what was written so far. */
void filter_flush(struct filter *filter);

/* Writes a line: bytes, or an edit, and a newline.  On failure sets `stop`. */
void filter_write(struct filter *filter, struct span line);
void filter_write_edit(struct filter *filter);

/* Reads records until the end and lets `transform` say what becomes of each. */
void filter_lines(struct filter *filter, transform *transform, void *context);

/* Flushes and closes everything; the exit status. */
int filter_end(struct filter *filter);

#endif
