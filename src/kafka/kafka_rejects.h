/* kafka_rejects: the place for messages that a command rejects, or that cannot become lines: a file
 * (--rejects) or another topic (--dead-letter).
 *
 * In the topic they keep value, key and path, and have headers for the reason and the original
 * position: reason, topic, partition, offset. */
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
    size_t count;            /* messages written there */
    size_t under_way, bytes; /* messages on their way to the topic, and bytes of their values */
    size_t most, most_bytes; /* limits above which no more should be added */
};

/* Counts the messages of one owner that are on their way to the topic.  It must stay valid until
 * the count is zero, or until kafka_rejects_end(). */
struct kafka_rejects_pending {
    size_t count;
    bool failed;
    struct reason why;
};

struct kafka_reject {
    struct span line;      /* for the file: the command's line, or the message's value */
    struct span value;     /* for the topic … */
    struct span path, key; /* at == NULL: none */
    const char *reason;
    const char *topic; /* its original position */
    int32_t partition;
    int64_t offset;
};

/* Opens the file and the topic; options are the cluster's.  False after a message. */
bool kafka_rejects_begin(struct kafka_rejects *rejects, const struct kafka_options *options);

/* Begins to write a message there.  It is in the file after kafka_rejects_flush(), and in the topic
 * once pending->count is zero again.  False with a reason. */
bool kafka_rejects_add(struct kafka_rejects *rejects, const struct kafka_reject *reject,
                       struct kafka_rejects_pending *pending, struct reason *reason);

/* Whether so much is on its way to the topic that no more should be added. */
bool kafka_rejects_is_full(const struct kafka_rejects *rejects);

/* Flushes the file.  False with a reason. */
bool kafka_rejects_flush(struct kafka_rejects *rejects, struct reason *reason);

/* Handles the reports on messages under way. */
void kafka_rejects_run(struct kafka_rejects *rejects);

void kafka_rejects_end(struct kafka_rejects *rejects);

#endif
