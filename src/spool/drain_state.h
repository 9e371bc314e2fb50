/* drain_state: since when a spool's delivery has been failing, and why, kept in DIR/state for
 * audit-drain --status and for the next run. */
#ifndef DRAIN_STATE_H
#define DRAIN_STATE_H

#include "spool/spooldir.h"

struct drain_state {
    int64_t since; /* seconds since 1970; 0: no failure */
    unsigned attempts;
    struct reason reason; /* of the last failure */
};

/* Reads the state; a missing or damaged file counts as no failure. */
void drain_state_read(struct drain_state *state, const struct spooldir *spool);

/* Writes it, or removes the file if there is no failure.  It is informational: errors are
 * ignored. */
void drain_state_write(const struct drain_state *state, const struct spooldir *spool);

#endif
