/* kafka_config: the properties of a librdkafka client.
 *
 * They come from four places, of which later ones override earlier ones: the tool's defaults, the
 * file of --config, the environment (the user name and the password of SASL), and the tool's
 * options.  The file cannot change properties on which a tool's guarantees depend.
 *
 * Names, values and defaults of the properties: librdkafka's CONFIGURATION.md. */
#ifndef KAFKA_CONFIG_H
#define KAFKA_CONFIG_H

#include "base/options.h"

#include <librdkafka/rdkafka.h>

#define KAFKA_CONFIG_USERNAME "AUDIT_KAFKA_USERNAME"
#define KAFKA_CONFIG_PASSWORD "AUDIT_KAFKA_PASSWORD"

/* The options of both tools. */
struct kafka_options {
    const char *brokers; /* --brokers; NULL: the file has bootstrap.servers */
    const char *topic;   /* --topic */
    const char *file;    /* --config; NULL: there is none */
};
extern const struct option_line kafka_options[];

/* A list of these ends with a NULL name; a NULL value sets nothing. */
struct kafka_property {
    const char *name, *value;
};

/* Makes the configuration, for kafka_client_open() or rd_kafka_conf_destroy().  `fixed` are those
 * that the file may not set, `given` those from options.  NULL after a message: a file that cannot
 * be read, a property that does not exist or has an invalid value, no brokers. */
rd_kafka_conf_t *kafka_config(const struct kafka_options *options,
                              const struct kafka_property *defaults,
                              const struct kafka_property *fixed,
                              const struct kafka_property *given);

/* A property's value as a number; 0 if it is not a number. */
long kafka_config_number(const rd_kafka_conf_t *conf, const char *name);

/* Whether Kafka allows this topic name.  False with a reason. */
bool kafka_config_is_topic(const char *name, struct reason *reason);

#endif
