/* lock: a file that one process at a time holds, and that names this process.
 *
 * The lock belongs to an open file description (F_OFD_SETLK of fcntl(2)) and is released with its
 * last descriptor, however the holder ends; the process number in the file is only for messages. */
#ifndef LOCK_H
#define LOCK_H

#include <stdbool.h>
#include <sys/types.h>

enum lock_result {
    LOCK_TAKEN,  /* it is ours, until the descriptor and all its copies are closed */
    LOCK_HELD,   /* another process has it */
    LOCK_FAILED, /* with errno set: the file cannot be opened, or the file system has no locks */
};

/* Opens the file in that directory, created if missing, and tries to lock it.  *fd is set after
 * LOCK_TAKEN; *holder after LOCK_HELD, 0 if the file does not name it. */
enum lock_result lock_take(int dir, const char *name, int *fd, pid_t *holder);

/* Whether another process holds the lock, without taking it; *holder as above. */
bool lock_is_held(int dir, const char *name, pid_t *holder);

/* Writes a process number into the file. */
void lock_say_holder(int fd, pid_t holder);

#endif
