/* kafkaget: a worker of a consumer group: passes the messages of its partitions to a command, or to
 * standard output.
 *
 * Offsets are committed only once everything before them is done, and once more, synchronously,
 * before a partition is given away.  The loop never blocks on a command, so that a slow one does
 * not cost the worker its partitions. */
#ifndef KAFKAGET_H
#define KAFKAGET_H

#include "kafka/kafka_config.h"

struct kafkaget_options {
    struct kafka_options kafka;
    const char *group;
    char *const *command; /* ended by NULL; NULL: standard output */
    const char *rejects, *dead_letter;
    size_t batch_bytes, parallel;
    int64_t batch_wait, backoff, drain; /* microseconds */
    bool follow, verbose;
};

/* Works until a signal, or, without `follow`, until the partitions are at their end or the command
 * fails.  Writes messages and raises the exit status. */
void kafkaget_run(const struct kafkaget_options *options);

#endif
