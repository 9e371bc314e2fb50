/* drain: takes the segments of one spool directory, the oldest first, to a command.
 *
 * Nothing here blocks: drain_loop() calls each step when it is due.
 *
 * Times are microseconds of a steady clock, unless their name says otherwise. */
#ifndef DRAIN_H
#define DRAIN_H

#include "base/jitter.h"
#include "spool/acknowledge.h"
#include "spool/backoff.h"
#include "spool/command.h"
#include "spool/drain_state.h"
#include "spool/feed.h"
#include "spool/takeout.h"

#include <limits.h>

/* Segments are joined up to 256 MiB for a command that writes receipts, else up to 8 MiB, because
 * all of that may be delivered twice after a failure.  The first run begins with 8 MiB, and is
 * given the rest once receipts are valid, so that the command need not be restarted. */
#define DRAIN_JOIN SIZE_MAX

struct drain_options {
    char *const *command; /* ended by NULL; NULL: DIR/deliver */
    bool follow;          /* never end by itself */
    bool verbose;         /* pass on the command's messages during an outage, too */
    int64_t backoff;      /* the longest wait between two attempts, microseconds */
    int64_t keep;         /* age at which undelivered lines go to failed/, microseconds */
    size_t join;          /* bytes up to which small segments are joined, or DRAIN_JOIN */
};

enum drain_phase {
    DRAIN_ORPHAN,    /* a command that a killed drain has started is still running */
    DRAIN_READY,     /* the next segment can be taken */
    DRAIN_RUNNING,   /* the command runs */
    DRAIN_UNSETTLED, /* it has ended, and its lines could not be removed from the spool yet */
    DRAIN_WAITING,   /* after a failure, until `due` */
    DRAIN_IDLE,      /* the spool is empty, and more may arrive (--follow) */
    DRAIN_ENDED,
};

struct drain {
    const struct drain_options *options;
    struct spooldir spool;
    char path[PATH_MAX];         /* of the directory, absolute */
    char deliver[PATH_MAX + 16]; /* of its command */
    char *deliver_command[2];
    int lock, running; /* descriptors */
    enum drain_phase phase;
    int64_t due; /* when the phase is checked again */
    struct backlog backlog;
    struct batch batch;
    struct feed feed; /* of the running command */
    struct takeout takeout;
    struct command_run run;
    enum command_end end; /* of the last command … */
    struct reason reason; /* … and of its failure */
    struct backoff backoff;
    struct jitter jitter;
    struct drain_state state;
    bool acknowledges; /* the command's last receipts were valid */
    bool may_grow;     /* more can be added to the batch once receipts are valid */
    bool stopping;     /* no further command is started */
    bool told;         /* the outage was reported, or the orphan */
    bool told_unconfirmed;
};

/* Opens the directory, takes its lock, and settles leftovers of a killed drain.  False after a
 * message, and STATUS_FAILED; nothing is then open. */
bool drain_open(struct drain *drain, const struct drain_options *options, const char *directory);

/* Does what can be done at this moment: starts a command, checks for new segments, tries to settle
 * again, counts lines while the command runs.  Returns once `phase` and `due` say what it waits
 * for. */
void drain_step(struct drain *drain, int64_t now);

/* There may be new segments. */
void drain_wake(struct drain *drain, int64_t now);

/* The command has written messages. */
void drain_messages(struct drain *drain);

/* The command can take more input. */
void drain_feed(struct drain *drain, int64_t now);

/* The command has ended: removes what is done. */
void drain_ended(struct drain *drain, int64_t now);

/* Ends: passes the signal on to the command, and starts no other. */
void drain_stop(struct drain *drain, int signal_number);

void drain_close(struct drain *drain);

/* Drains the directories in parallel until all have ended, or a signal asks to stop.  A directory
 * that cannot be drained is a message and STATUS_FAILED; the others are drained. */
void drain_loop(const struct drain_options *options, char *const *directory, size_t count);

#endif
