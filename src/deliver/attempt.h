/* attempt: a request on its way, for deliver's loop: it is begun, and when the answer is there,
 * follows it: its lines are settled, or it is sent again, later or in halves.
 */
#ifndef ATTEMPT_H
#define ATTEMPT_H

#include "deliver/deliver.h"

/* A request without lines; NULL: no memory. */
struct request *attempt_new(struct sender *d);

/* Begins a request; all that follows from its answer is done from within http_run().  False: there
 * is no memory, and it waits or was given up. */
bool attempt_begin(struct sender *d, struct request *request);

/* Nothing more is read or begun; what is in flight may still be answered. */
void attempt_stop(struct sender *d);

/* The same with the message that says why: no request can succeed. */
void attempt_stop_for(struct sender *d, const char *why);

/* For a message: "; FILE was read up to line N" where that is not its end, else nothing. */
const char *attempt_read_up_to(struct sender *d, struct reason *where);

/* Gives up all that was read and is not in flight, without a message for each line. */
void attempt_drop_rest(struct sender *d);

/* Gives up what is in flight. */
void attempt_break_off(struct sender *d);

#endif
