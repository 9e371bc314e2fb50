/* interrupt: SIGINT and SIGTERM as something that a loop can wait for. */
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include <stdbool.h>

/* From now on the two signals are counted.  Returns a descriptor that becomes readable with them,
 * -1 with errno set. */
int interrupt_begin(void);

/* How many of them have come; what made the descriptor readable is read. */
unsigned interrupt_count(void);

/* The signals do again what they did. */
void interrupt_end(void);

#endif
