/* kafka_rejects: where messages go that a command rejects, or that no line can be made of: a file
 * (--rejects) or another topic (--dead-letter).
 *
 * In the topic they keep value, key and path, and have headers that say why and where they were:
 * reason, topic, partition, offset.
 */
#ifndef KAFKA_REJECTS_H
#define KAFKA_REJECTS_H

#include "base/append.h"
#include "kafka/kafka_client.h"
#include "kafka/kafka_config.h"

struct kafka_rejects {
    const char *file;  /* --rejects; NULL: none */
    const char *topic; /* --dead-letter; NULL: none */
    struct append append;
    struct kafka_client producer;
    rd_kafka_topic_t *to;
    size_t count; /* messages that went there */
};

/* Counts the messages of one owner that are on their way to the topic. */
struct kafka_rejects_pending {
    size_t count;
    bool failed;
    struct reason why;
};

struct kafka_reject {
    struct span line;      /* for the file: what the command got, or the message's value */
    struct span value;     /* for the topic … */
    struct span path, key; /* at == NULL: none */
    const char *reason;
    const char *topic; /* where it was */
    int32_t partition;
    int64_t offset;
};

/* Opens what `file` and `topic` name; options are the cluster's.  False after a message. */
bool kafka_rejects_begin(struct kafka_rejects *rejects, const struct kafka_options *options);

/* Begins to put a message there.  In the file it is with kafka_rejects_flush(), in the topic once
 * pending->count is zero again.  False with a reason. */
bool kafka_rejects_add(struct kafka_rejects *rejects, const struct kafka_reject *reject,
                       struct kafka_rejects_pending *pending, struct reason *reason);

/* Writes the file out.  False with a reason. */
bool kafka_rejects_flush(struct kafka_rejects *rejects, struct reason *reason);

/* Takes the reports of what is on its way. */
void kafka_rejects_run(struct kafka_rejects *rejects);

void kafka_rejects_end(struct kafka_rejects *rejects);

#endif
