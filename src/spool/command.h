/* command: runs a command that takes records on its standard input and acknowledges them in a
 * receipts file.
 *
 * No shell is involved.  The command has a process group of its own, so that a signal for it
 * reaches a whole pipeline, and gets SIGTERM if we are killed.  Its standard output is ours; its
 * standard error is a pipe, so that the last message can be reported as the reason of a failure. */
#ifndef COMMAND_H
#define COMMAND_H

#include "base/diag.h"

#include <sys/types.h>

struct command {
    char *const *argument; /* the program, looked up in PATH, and its arguments; ended by NULL */
    int input;             /* its standard input; the caller's */
    int inherited;         /* a descriptor that stays open in it, such as a lock; -1: none */
    const char *receipts;  /* the value of AUDIT_RECEIPTS; an absolute path */
    const char *key;       /* the value of AUDIT_RECEIPTS_KEY; NULL: not set */
    const char *spool;     /* the value of AUDIT_SPOOL; NULL: not set */
};

struct command_run {
    pid_t pid;
    int messages;   /* its standard error; to be polled, and then read with command_messages(); -1:
                       closed */
    int exited;     /* a descriptor that becomes readable when it has ended */
    size_t used;    /* bytes of the unfinished line in `line` */
    char line[512]; /* the line that is being read, truncated */
    struct reason last; /* the last line that was not empty, printable */
};

/* The command's result. */
enum command_end {
    COMMAND_SUCCEEDED, /* status 0 */
    COMMAND_FAILED,    /* another status, or a signal */
};

/* Whether a program of that name exists; it is looked up in PATH if the name has no slash. */
bool command_exists(const char *name);

/* Commands will get only the descriptors above standard error that are open now, and `inherited`:
 * for a program whose libraries open some that execve(2) does not close. */
void command_note_inherited(void);

/* Starts it.  False with a reason: it cannot be run. */
bool command_start(struct command_run *run, const struct command *command, struct reason *reason);

/* Reads the available messages, without waiting, and copies them to standard error if `pass_on`. */
void command_messages(struct command_run *run, bool pass_on);

/* Sends the signal to its process group. */
void command_signal(const struct command_run *run, int signal_number);

/* Waits for its end, which `exited` has reported, reads its last messages and closes.  The reason
 * of a failure is its last message, or its status if it wrote none. */
enum command_end command_finish(struct command_run *run, bool pass_on, struct reason *reason);

#endif
