/* drain_state: since when the delivery of a spool fails, and why, kept in DIR/state for audit-drain
 * --status and for the next run. */
#ifndef DRAIN_STATE_H
#define DRAIN_STATE_H

#include "spool/spooldir.h"

struct drain_state {
    int64_t since; /* seconds since 1970; 0: all is well */
    unsigned attempts;
    struct reason reason; /* of the last failure */
};

/* Reads the state; what is missing or damaged counts as all well. */
void drain_state_read(struct drain_state *state, const struct spooldir *spool);

/* Writes it, or removes the file where all is well.  It is for people: an error is passed over. */
void drain_state_write(const struct drain_state *state, const struct spooldir *spool);

#endif
