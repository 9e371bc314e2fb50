/* interrupt: SIGHUP, SIGINT and SIGTERM as a request to stop reading and to finish what was read.
 */
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include <stdbool.h>

/* From now on the first of these signals is a request; a second one ends the program as usual,
 * unless both come within half a second: timeout(1) sends its signal to the program and then to the
 * whole group, and after a terminal is closed SIGHUP and SIGTERM may follow each other.  A signal
 * that was ignored when the program started (nohup, a shell's background job) stays ignored. */
void interrupt_begin(void);

/* The signal that requested a stop: "SIGTERM"; NULL: none yet. */
const char *interrupt_asked(void);

/* A descriptor that becomes readable after a request, for loops that wait for more than one; do not
 * read from it.  -1 with errno set. */
int interrupt_fd(void);

/* Waits until fd is readable (or at its end), until `milliseconds` have passed (-1: for ever), or
 * until a request, which may have come earlier.  True: fd is readable. */
bool interrupt_wait(int fd, int milliseconds);

#endif
