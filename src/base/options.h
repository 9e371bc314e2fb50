/* options: command lines in the manner of getopt_long(3), --help and --version, and the values that
 * options take: sizes, durations, times.
 *
 * A tool describes its options once, in a table; parsing and --help both read it.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct option_line {
    int id;               /* the short option's letter, or a number above 255 */
    const char *name;     /* the long option, without its dashes */
    const char *argument; /* what it takes, for --help: "FILE"; "[=NAME]" where the argument may be
                             left out; NULL for nothing */
    const char *help;     /* one or more lines, parted by '\n' */
};

struct program {
    const char *name;               /* "audit-path" */
    const char *operands;           /* for the usage line: "[OPTION]... [FILE]..." */
    const char *summary;            /* what it does: a sentence or two */
    const struct option_line *line; /* the tool's own options; ended by a line with id 0 */
    const struct option_line *more; /* options that it shares with others, or NULL */
    const struct option_line *also; /* further ones that it shares with some, or NULL */
};

enum {
    OPTIONS_END = -1,  /* no option is left: operands begin at optind */
    OPTIONS_STOP = -2, /* the program ends now, with diag_exit_status() */
};

/* The id of the next option; *value is its argument or NULL.  --help, --version and usage errors
 * are dealt with here: they print what they have to and answer OPTIONS_STOP. */
int options_next(const struct program *program, int argc, char **argv, const char **value);

/* A usage error of the tool's own: the message, then where help is.  Answers STATUS_FAILED. */
int options_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The place of an option's value among the names, the last of which is followed by NULL; -1 after a
 * usage error. */
int options_choice(const char *option, const char *value, const char *const names[]);

/* A size as GNU tools write it: 40MB is 40,000,000 bytes, 40MiB and 40M are 41,943,040; 40 is
 * bytes.  False: not a size, or above SIZE_MAX. */
bool options_size(const char *text, size_t *bytes);

/* A duration, 7d 12h 30m 45s, or several together, in seconds.  False: not one. */
bool options_duration(const char *text, int64_t *seconds);

/* The same in microseconds, with milliseconds as a unit too: 250ms, 1s500ms. */
bool options_interval(const char *text, int64_t *microseconds);

#endif
