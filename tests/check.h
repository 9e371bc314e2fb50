/* check: counts the checks of a unit test, and prints those that fail.
 *
 * A test's main() ends with `return check_report();`. */
#ifndef CHECK_H
#define CHECK_H

#include "base/span.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

static unsigned checks, failures;

/* Counts a check.  True: it failed, and the caller must print it. */
static inline bool check_fails(bool holds)
{
    checks++;
    failures += !holds;
    return !holds;
}

static inline void check(bool holds, const char *what)
{
    if (check_fails(holds))
        printf("does not hold: %s\n", what);
}

/* The same for the result of a function for one of many arguments. */
static inline void check_of(bool holds, const char *function, const char *given)
{
    if (check_fails(holds))
        printf("%s: wrong for \"%s\"\n", function, given);
}

static inline void check_number(int64_t is, int64_t should, const char *what)
{
    if (check_fails(is == should))
        printf("%s: %" PRId64 ", not %" PRId64 "\n", what, is, should);
}

static inline void check_span(struct span is, const char *should, const char *what)
{
    if (check_fails(span_equal(is, span_of(should))))
        printf("%s: %.*s, not %s\n", what, (int)is.len, is.at, should);
}

/* NULL is text, too: none. */
static inline void check_text(const char *is, const char *should, const char *what)
{
    bool same = is != NULL && should != NULL ? strcmp(is, should) == 0 : is == should;
    if (check_fails(same))
        printf("%s: %s, not %s\n", what, is != NULL ? is : "NULL",
               should != NULL ? should : "NULL");
}

/* Prints how many checks there were and how many failed; returns the exit status. */
static inline int check_report(void)
{
    printf("%u checks, %u failed\n", checks, failures);
    return failures > 0;
}

#endif
