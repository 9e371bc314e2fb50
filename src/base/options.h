/* options: command lines as with getopt_long(3).
 *
 * A tool describes its options once, in tables.  An entry says which argument the option takes,
 * which values are allowed and where the value is stored; parsing, --help and the error messages
 * all use it, and the tests compare the manual and the completions with it.
 *
 * Each table has a context, the struct in which its options are stored.  A table that several tools
 * use (all filters, all sinks) is a group of its own, so that options of different tables never
 * share a number. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "base/amount.h"
#include "base/diag.h"
#include "base/timestamp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_KIND_FLAG,     /* bool: becomes true */
    OPTION_KIND_UNFLAG,   /* bool: becomes false */
    OPTION_KIND_TEXT,     /* const char *: the argument as it is */
    OPTION_KIND_CHOICE,   /* int: the index of the argument in `values` */
    OPTION_KIND_SIZE,     /* size_t, bytes, at least `least` */
    OPTION_KIND_COUNT,    /* size_t, a decimal number from `least` to `most` */
    OPTION_KIND_INTERVAL, /* int64_t, microseconds, at least `least` */
    OPTION_KIND_TIME,     /* struct option_time: what timestamp_argument() reads */
    OPTION_KIND_CALL,     /* `parse` decides */
};

/* A time on the command line. */
struct option_time {
    bool given;
    struct timestamp time;
};

struct option_line {
    int letter;                /* the short option; 0: there is none */
    const char *name;          /* the long option, without its dashes; NULL ends a table */
    const char *argument;      /* its argument, for --help: "FILE"; "[=NAME]" if the argument is
                                  optional; NULL: none */
    const char *help;          /* one or more lines, separated by '\n' */
    const char *const *values; /* the allowed values, ended by NULL; NULL: any.  --help lists them.
                                  For OPTION_KIND_CALL they are only for --help; `parse` checks. */
    bool exact;  /* an abbreviation of the name is refused, and its argument is not shown: for
                    options for which users tend to give a secret in place of a file */
    bool secret; /* the argument is not shown in messages */
    enum option_kind kind;
    size_t offset; /* offset of the field in the table's context */
    int64_t least, most;

    /* Handles the argument (NULL if an optional one is absent).  False with a reason: the message
     * is "--name=argument: reason". */
    bool (*parse)(void *context, const char *argument, struct reason *reason);
};

/* Where an entry stores its value; each checks at compile time that the field has the right type.
 *
 *     {.name = "limit", .argument = "SIZE", .help = "…", OPTION_SIZE(struct truncation, limit, 0)},
 */
#define OPTION_FIELD(type, member, wanted)                                                         \
    (offsetof(type, member) + 0 * sizeof(_Generic(&((type *)0)->member, wanted * : 1)))
#define OPTION_FLAG(type, member)                                                                  \
    .kind = OPTION_KIND_FLAG, .offset = OPTION_FIELD(type, member, bool)
#define OPTION_UNFLAG(type, member)                                                                \
    .kind = OPTION_KIND_UNFLAG, .offset = OPTION_FIELD(type, member, bool)
#define OPTION_TEXT(type, member)                                                                  \
    .kind = OPTION_KIND_TEXT, .offset = OPTION_FIELD(type, member, const char *)
#define OPTION_CHOICE(type, member, names)                                                         \
    .values = (names), .kind = OPTION_KIND_CHOICE, .offset = OPTION_FIELD(type, member, int)
#define OPTION_SIZE(type, member, smallest)                                                        \
    .kind = OPTION_KIND_SIZE, .offset = OPTION_FIELD(type, member, size_t), .least = (smallest)
#define OPTION_COUNT(type, member, smallest, largest)                                              \
    .kind = OPTION_KIND_COUNT, .offset = OPTION_FIELD(type, member, size_t), .least = (smallest),  \
    .most = (largest)
#define OPTION_INTERVAL(type, member, shortest)                                                    \
    .kind = OPTION_KIND_INTERVAL, .offset = OPTION_FIELD(type, member, int64_t), .least = (shortest)
#define OPTION_TIME(type, member)                                                                  \
    .kind = OPTION_KIND_TIME, .offset = OPTION_FIELD(type, member, struct option_time)
#define OPTION_CALL(function) .kind = OPTION_KIND_CALL, .parse = (function)

/* A table and the struct in which its options are stored. */
struct option_group {
    const struct option_line *line; /* ended by an entry without a name; NULL ends the groups */
    void *context;
};

/* The texts of --help, and the options. */
struct options_program {
    const char *name;                 /* "audit-path" */
    const char *operands;             /* for the usage line: "[OPTION]... [FILE]..." */
    const char *summary;              /* what it does: a sentence or two */
    const struct option_group *group; /* ended by one without a table; --help is in this order */

    /* Whether a word is the name of a command; the message about an unknown option then says that
     * the command must follow "--".  NULL: the tool runs no command, or one was given. */
    bool (*is_command)(const char *word);
};

/* Parses the command line and stores each option's value.  Afterwards operands begin at
 * argv[optind].  False: the program must end now with diag_exit_status(), because --help or
 * --version was printed, or after the message about a usage error. */
bool options_read(const struct options_program *program, int argc, char **argv);

/* Reports a usage error found after parsing: the message, and a hint at --help.  Returns
 * STATUS_FAILED. */
int options_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What to add to a message about an operand that must be a directory and cannot be opened because
 * of `error`, an errno: a hint if it is a file, otherwise "". */
const char *options_directory_hint(int error);

/* The index of a value among the names, which NULL ends.  -1 with a reason that lists them and
 * suggests the nearest. */
int options_choice(const char *value, const char *const names[], struct reason *reason);

/* The amounts of options (amount.h). */
static inline bool options_size(const char *text, size_t *bytes)
{
    return amount_size(text, bytes);
}

static inline bool options_duration(const char *text, int64_t *seconds)
{
    return amount_duration(text, seconds);
}

static inline bool options_interval(const char *text, int64_t *microseconds)
{
    return amount_interval(text, microseconds);
}

#endif
