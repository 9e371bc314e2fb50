#include "config.h"

#include "deliver/outcome.h"

static const char *const names[OUTCOMES] = {
    [OUTCOME_DELIVERED] = "delivered",     [OUTCOME_EXISTS] = "exists",
    [OUTCOME_REPLACED] = "replaced",       [OUTCOME_SKIPPED] = "skipped",
    [OUTCOME_SPOOLED] = "spooled",         [OUTCOME_REJECTED] = "rejected",
    [OUTCOME_UNDELIVERED] = "undelivered",
};

const char *outcome_name(enum outcome_kind kind)
{
    return names[kind];
}

enum outcome_kind outcome_of_name(struct span name)
{
    enum outcome_kind kind = 0;
    while (kind < OUTCOMES && !span_equal(name, span_of(names[kind])))
        kind++;
    return kind;
}
