/* kafkaput: a Kafka topic as a sink: each event becomes a message.
 *
 * The value is the event, the key says whose it is, so that one customer's events keep their order,
 * and the path travels as the header `path`.  The producer is idempotent and every in-sync replica
 * has to have a message (acks=all) before it counts as delivered.  librdkafka tries again what may
 * be tried again, for --retry-for.  It sends the bytes from where the reader has put them.
 */
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
    int compression;   /* --compression, a position in its names; -1: not given */
    int64_t retry_for; /* --retry-for; 0: not given */
    int64_t drain;     /* how long a stop waits for what is under way */
    bool dry_run;
};
#define KAFKAPUT_OPTIONS                                                                           \
    {                                                                                              \
        .key = "customer", .compression = -1, .drain = (int64_t)30 * 1000000                       \
    }

struct kafkaput {
    struct sink sink; /* what deliver_run() gets */
    const struct kafkaput_options *options;
    struct kafka_client client;
    rd_kafka_topic_t *topic;
    char name[300]; /* the sink's */
    struct record_key key;
    bool by_path;               /* --key=path */
    const struct record *keyed; /* the record whose key was read last */
    struct span key_value;      /* at == NULL: it has none */
    struct records again;       /* to be given to librdkafka again */
    bool alone;                 /* a record is under way that nothing may join in its batch */
    struct outage outage;
    int64_t budget;    /* --retry-for, or message.timeout.ms */
    unsigned told;     /* failures that the outage knows of */
    bool begun;        /* a turn has read what was there */
    bool delivered;    /* something was */
    bool told_refused; /* that a batch was refused */
    long message_max;  /* message.max.bytes */
};

/* The tool's own options; the context is struct kafkaput_options. */
extern const struct option_line kafkaput_options[];

/* Opens the producer, except for a dry run, and sets up kafkaput->sink.  False after a message;
 * nothing is open then. */
bool kafkaput_begin(struct kafkaput *kafkaput, const struct kafkaput_options *options);

void kafkaput_end(struct kafkaput *kafkaput);

#endif
