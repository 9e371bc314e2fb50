/* kafka_config: the properties of a librdkafka client.
 *
 * They come from four places, a later one before an earlier: the tool's defaults, the file of
 * --config, the environment (the user name and the password of SASL), and the tool's options.  What
 * a tool's promises rest on cannot be changed by the file.
 *
 * Names, values and defaults of the properties: librdkafka's CONFIGURATION.md.
 */
#ifndef KAFKA_CONFIG_H
#define KAFKA_CONFIG_H

#include "base/options.h"

#include <librdkafka/rdkafka.h>

#define KAFKA_CONFIG_USERNAME "AUDIT_KAFKA_USERNAME"
#define KAFKA_CONFIG_PASSWORD "AUDIT_KAFKA_PASSWORD"

/* The options of both tools. */
struct kafka_options {
    const char *brokers; /* --brokers; NULL: the file says bootstrap.servers */
    const char *topic;   /* --topic */
    const char *file;    /* --config; NULL: there is none */
};
extern const struct option_line kafka_options[];

/* A list of these ends with a name that is NULL; a value that is NULL sets nothing. */
struct kafka_property {
    const char *name, *value;
};

/* Makes the configuration, for kafka_client_open() or rd_kafka_conf_destroy().  `fixed` are those
 * that the file may not set, `given` what options say.  NULL after a message: a file that cannot be
 * read, a property that does not exist or has a wrong value, no brokers. */
rd_kafka_conf_t *kafka_config(const struct kafka_options *options,
                              const struct kafka_property *defaults,
                              const struct kafka_property *fixed,
                              const struct kafka_property *given);

/* A property's value as a number; 0 where it is not a number. */
long kafka_config_number(const rd_kafka_conf_t *conf, const char *name);

/* Whether Kafka lets a topic have that name.  False with a reason. */
bool kafka_config_is_topic(const char *name, struct reason *reason);

#endif
