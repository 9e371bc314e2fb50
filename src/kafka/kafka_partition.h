/* kafka_partition: one partition of a topic on its way to a command, or to standard output.
 *
 * Its messages become a batch, the batch becomes the command's standard input, and what the command
 * has acknowledged by receipts (acknowledge.h), or by its status, is done: `done` is the offset up
 * to which everything is, and never passes a line that is not.  What is left is tried again.  While
 * a batch is under way no message is taken.  Nothing here waits.
 *
 * Times are microseconds of clock_now().
 */
#ifndef KAFKA_PARTITION_H
#define KAFKA_PARTITION_H

#include "base/flood.h"
#include "base/jitter.h"
#include "kafka/kafka_batch.h"
#include "kafka/kafka_rejects.h"
#include "spool/backoff.h"
#include "spool/command.h"

/* What all partitions of a worker share. */
struct kafka_work {
    /* Set by the worker. */
    char *const *command; /* ended by NULL; NULL: lines go to standard output */
    const char *topic;
    size_t batch_bytes; /* a batch is full then, … */
    int64_t batch_wait; /* … or so long after its first message */
    int64_t backoff;    /* the longest wait between two attempts */
    size_t parallel;    /* commands at once */
    bool follow;        /* try again what fails; do not end */
    bool verbose;       /* pass on the command's messages during an outage, too */
    bool pipe, regular; /* what standard output is */
    struct kafka_rejects rejects;

    /* Set by the partitions. */
    struct json json;
    struct flood flood;              /* of messages that no line can be made of */
    size_t running;                  /* commands */
    struct kafka_partition *writing; /* whose lines go to standard output now */
    bool full;                       /* standard output takes nothing now */
    size_t failing;                  /* partitions whose last attempt has failed */
    int64_t failing_since;
    bool broken; /* nothing can go on, and that was told */
    bool told_unconfirmed;
};

enum kafka_phase {
    KAFKA_FILLING,  /* messages are taken */
    KAFKA_READY,    /* a batch waits for its turn */
    KAFKA_RUNNING,  /* the command has it */
    KAFKA_WRITING,  /* standard output gets it */
    KAFKA_SETTLING, /* what was rejected is on its way to the dead-letter topic */
    KAFKA_WAITING,  /* after a failure, until `due` */
    KAFKA_ENDED,
};

struct kafka_partition {
    struct kafka_work *work;
    int32_t number;
    rd_kafka_queue_t *queue;
    enum kafka_phase phase;
    int64_t due; /* when it is to be looked at again */
    struct kafka_batch batch;
    int64_t first_at; /* when the batch's first line came */
    bool at_end;      /* there are no more messages now */
    int64_t done;     /* the offset to be committed; -1: none yet */
    int64_t committed;
    int64_t written; /* bytes of the batch that standard output has */
    struct command_run run;
    int receipts; /* -1: no command runs */
    enum command_end end;
    struct acknowledgement acknowledgement;
    struct kafka_rejects_pending unfit;   /* messages that no line could be made of */
    struct kafka_rejects_pending pending; /* lines that the command has rejected */
    struct backoff backoff;
    struct jitter jitter;
    struct reason why; /* of the last failure */
    bool failing;
    bool leaving; /* it is to be given away: no batch is begun any more */
    bool lost;    /* somebody else has it already */
};

/* Begins; the queue holds the partition's messages and nothing else, and is the partition's. */
void kafka_partition_begin(struct kafka_partition *partition, struct kafka_work *work,
                           int32_t number, rd_kafka_queue_t *queue);

/* Does what can be done now. */
void kafka_partition_step(struct kafka_partition *partition, int64_t now);

/* Takes a message that came another way; the next one after those it has. */
void kafka_partition_take(struct kafka_partition *partition, const rd_kafka_message_t *message,
                          int64_t now);

/* Its command has written messages, has ended. */
void kafka_partition_messages(struct kafka_partition *partition);
void kafka_partition_ended(struct kafka_partition *partition, int64_t now);

/* Begins nothing more; it is KAFKA_ENDED once what is under way has ended.  lost: what comes of
 * that does not count any more, and the command is asked to end. */
void kafka_partition_leave(struct kafka_partition *partition, bool lost);

/* Whether all that there is was done. */
bool kafka_partition_is_done(const struct kafka_partition *partition);

/* Whether there is nothing to be done, and nothing more to be taken. */
bool kafka_partition_is_idle(const struct kafka_partition *partition);

void kafka_partition_end(struct kafka_partition *partition);

#endif
