/* kafka_error: what an error of librdkafka or of a broker leaves to do.  Functions of their
 * arguments alone.
 *
 * Codes: the Kafka protocol guide, "Error codes"; librdkafka's own are negative.
 */
#ifndef KAFKA_ERROR_H
#define KAFKA_ERROR_H

#include "base/diag.h"

#include <librdkafka/rdkafka.h>

enum kafka_error_kind {
    KAFKA_ERROR_RECORD, /* this record is not fit to be taken */
    KAFKA_ERROR_LATER,  /* it could be taken another time; librdkafka has tried for long enough */
    KAFKA_ERROR_SET_UP, /* trying again cannot help: a topic that does not exist, no right */
};

/* What the report of one message says. */
enum kafka_error_kind kafka_error_of_message(rd_kafka_resp_err_t error);

/* Whether a connection that fails so fails because of how the client was set up, as long as no
 * connection ever succeeded: a host name, a certificate, a credential. */
bool kafka_error_is_set_up(rd_kafka_resp_err_t error);

#endif
