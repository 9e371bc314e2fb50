/* kafkaput: a Kafka topic as a sink: each event becomes a message.
 *
 * The value is the event, the key identifies its customer, so that one customer's events keep their
 * order, and the header `path` contains the path.  The producer is idempotent, and every in-sync
 * replica must have a message (acks=all) before it counts as delivered.  librdkafka retries for
 * --retry-for.  It sends the bytes from the reader's memory, without a copy. */
#ifndef KAFKAPUT_H
#define KAFKAPUT_H

#include "deliver/outage.h"
#include "deliver/sink.h"
#include "filter/record_key.h"
#include "kafka/kafka_client.h"
#include "kafka/kafka_config.h"

struct kafkaput_options {
    struct kafka_options kafka;
    const char *key;   /* --key */
    int compression;   /* --compression, an index of its names; -1: not given */
    int64_t retry_for; /* --retry-for; 0: not given */
    int64_t drain;     /* how long a stop waits for work under way */
    bool dry_run;
};
#define KAFKAPUT_OPTIONS                                                                           \
    {                                                                                              \
        .key = "customer", .compression = -1, .drain = (int64_t)30 * 1000000                       \
    }

struct kafkaput {
    struct sink sink; /* passed to deliver_run() */
    const struct kafkaput_options *options;
    struct kafka_client client;
    rd_kafka_topic_t *topic;
    char name[300]; /* the sink's */
    struct record_key key;
    bool by_path;               /* --key=path */
    const struct record *keyed; /* the record whose key was read last */
    struct span key_value;      /* at == NULL: there is none */
    struct records again;       /* to be passed to librdkafka again */
    bool alone;                 /* a record is under way that must be alone in its batch */
    struct outage outage;
    int64_t budget;         /* --retry-for, or message.timeout.ms */
    unsigned failures_seen; /* failures that the outage knows of */
    bool begun;             /* a turn has read the available input */
    bool delivered;         /* something was delivered */
    bool told_refused;      /* a refused batch was reported */
    long message_max;       /* message.max.bytes */
};

/* The tool's own options; the context is struct kafkaput_options. */
extern const struct option_line kafkaput_options[];

/* Opens the producer, except for a dry run, and sets up kafkaput->sink.  False after a message;
 * nothing is open then. */
bool kafkaput_begin(struct kafkaput *kafkaput, const struct kafkaput_options *options);

void kafkaput_end(struct kafkaput *kafkaput);

#endif
