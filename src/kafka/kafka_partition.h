/* kafka_partition: one partition of a topic on its way to a command, or to standard output.
 *
 * Its messages become a batch, the batch becomes the command's standard input, and lines that the
 * command has acknowledged by receipts (acknowledge.h), or by its status, are done: `done` is the
 * offset up to which all lines are done.  The others are tried again.  While a batch is under way
 * no message is taken.  Nothing here blocks.
 *
 * Times are microseconds of clock_now(). */
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
    size_t batch_bytes; /* bytes of a full batch, … */
    int64_t batch_wait; /* … or the time after its first message */
    int64_t backoff;    /* the longest wait between two attempts */
    size_t parallel;    /* commands at once */
    bool follow;        /* retry after failures; do not end */
    bool verbose;       /* pass on the command's messages during an outage, too */
    bool pipe, regular; /* the type of standard output */
    struct kafka_rejects rejects;

    /* Set by the partitions. */
    struct json json;
    struct flood flood;              /* of messages that cannot become lines */
    size_t running;                  /* commands that are running */
    struct kafka_partition *writing; /* whose lines are being written to standard output */
    bool full;                       /* standard output accepts nothing now */
    size_t failing;                  /* partitions whose last attempt has failed */
    int64_t failing_since;
    bool broken; /* nothing can continue, and that was reported */
    bool told_unconfirmed;
};

enum kafka_phase {
    KAFKA_FILLING,  /* messages are taken */
    KAFKA_READY,    /* a batch waits for its turn */
    KAFKA_RUNNING,  /* the command has it */
    KAFKA_WRITING,  /* it is written to standard output */
    KAFKA_SETTLING, /* its rejects are on the way to the dead-letter topic */
    KAFKA_WAITING,  /* after a failure, until `due` */
    KAFKA_ENDED,
};

struct kafka_partition {
    struct kafka_work *work;
    int32_t number;
    rd_kafka_queue_t *queue;
    enum kafka_phase phase;
    int64_t due; /* when it is to be checked again */
    struct kafka_batch batch;
    int64_t first_at; /* when the batch's first line arrived */
    bool at_end;      /* there are no more messages now */
    int64_t done;     /* the offset to be committed; -1: none yet */
    int64_t committed;
    int64_t written; /* bytes of the batch that were written to standard output */
    struct command_run run;
    int receipts; /* -1: no command is running */
    enum command_end end;
    struct acknowledgement acknowledgement;
    struct kafka_rejects_pending unfit;   /* messages that could not become lines */
    bool held;                            /* no messages are taken before those have been written */
    struct kafka_rejects_pending pending; /* lines that the command has rejected */
    struct backoff backoff;
    struct jitter jitter;
    struct reason why; /* of the last failure */
    bool failing;
    bool leaving;                 /* to be given away: no batch is begun any more */
    bool lost;                    /* another worker has it already */
    struct kafka_partition *next; /* among removed ones that still have messages under way */
};

/* Begins; the queue has only the partition's messages, and belongs to the partition. */
void kafka_partition_begin(struct kafka_partition *partition, struct kafka_work *work,
                           int32_t number, rd_kafka_queue_t *queue);

/* Does what can be done now. */
void kafka_partition_step(struct kafka_partition *partition, int64_t now);

/* Takes a message that arrived another way; it follows those that the partition has. */
void kafka_partition_take(struct kafka_partition *partition, const rd_kafka_message_t *message,
                          int64_t now);

/* Its command has written messages, or has ended. */
void kafka_partition_messages(struct kafka_partition *partition);
void kafka_partition_ended(struct kafka_partition *partition, int64_t now);

/* Begins nothing more; it is KAFKA_ENDED once the work under way has ended.  lost: the results of
 * that no longer count, and the command is asked to end. */
void kafka_partition_leave(struct kafka_partition *partition, bool lost);

/* Whether all messages are done. */
bool kafka_partition_is_done(const struct kafka_partition *partition);

/* Whether nothing needs to be done, and no more messages are expected. */
bool kafka_partition_is_idle(const struct kafka_partition *partition);

/* Frees everything except the partition itself, which must exist until
 * kafka_partition_is_alone(). */
void kafka_partition_end(struct kafka_partition *partition);

/* Whether none of its messages are on their way to the dead-letter topic: their reports are written
 * to the partition. */
static inline bool kafka_partition_is_alone(const struct kafka_partition *partition)
{
    return partition->unfit.count + partition->pending.count == 0;
}

#endif
