/* interrupt: SIGHUP, SIGINT and SIGTERM as a request to stop reading and to finish what was read.
 */
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include <stdbool.h>

/* From now on the first of these signals is a request; a second one ends the program as ever,
 * unless both come within half a second: timeout(1) sends its signal to the program and then to the
 * whole group, and a terminal that is closed sends SIGHUP and SIGTERM may follow.  A signal that
 * was ignored when the program started (nohup, a shell's background job) stays so. */
void interrupt_begin(void);

/* The signal that asked to stop: "SIGTERM"; NULL while none has. */
const char *interrupt_asked(void);

/* A descriptor that can be read once a request has come, for loops that wait for more than one;
 * nothing is to be read from it.  -1 with errno set. */
int interrupt_fd(void);

/* Waits until fd can be read (its end counts), until `milliseconds` have passed (-1: for ever), or
 * until a request, one that came earlier too.  True: fd can be read. */
bool interrupt_wait(int fd, int milliseconds);

#endif
