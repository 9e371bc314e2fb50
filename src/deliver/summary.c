#include "config.h"

#include "base/flood.h"
#include "deliver/summary.h"

#include <stdio.h>

/* Whether the outcome's number is shown although it is 0. */
static bool is_always_shown(const struct ledger *ledger, enum outcome_kind kind)
{
    return kind == OUTCOME_REJECTED || kind == OUTCOME_UNDELIVERED ||
           (kind == OUTCOME_DELIVERED && ledger->count[OUTCOME_SPOOLED] == 0);
}

void summary_write(const struct ledger *ledger, int64_t microseconds)
{
    char text[400] = "", number[FLOOD_NUMBER];
    size_t used = 0, successes = ledger_successes(ledger);
    double seconds = (double)microseconds / 1e6;
    for (enum outcome_kind kind = 0; kind < OUTCOMES; kind++) {
        if (ledger->count[kind] == 0 && !is_always_shown(ledger, kind))
            continue;
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %s", used > 0 ? ", " : "",
                                 flood_number(ledger->count[kind], number), outcome_name(kind));
    }
    size_t rate = seconds > 0 ? (size_t)((double)successes / seconds) : 0;
    diag_warn("%s in %.1f s (%s/s)", text, seconds, flood_number(rate, number));
    for (size_t i = 0; i < ledger->reasons; i++)
        diag_warn("%s not delivered: %s", flood_number(ledger->reason[i].count, number),
                  ledger->reason[i].text);
}
