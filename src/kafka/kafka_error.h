/* kafka_error: what to do about an error of librdkafka or of a broker.  Functions of their
 * arguments alone.
 *
 * Codes: the Kafka protocol guide, "Error codes"; librdkafka's own are negative. */
#ifndef KAFKA_ERROR_H
#define KAFKA_ERROR_H

#include "base/diag.h"

#include <librdkafka/rdkafka.h>

enum kafka_error_kind {
    KAFKA_ERROR_RECORD, /* this record cannot be accepted */
    KAFKA_ERROR_LATER,  /* it may be accepted later; librdkafka has retried long enough */
    KAFKA_ERROR_SET_UP, /* trying again cannot help: a topic that does not exist, no permission */
};

/* The kind of the error in the report of one message. */
enum kafka_error_kind kafka_error_of_message(rd_kafka_resp_err_t error);

/* Whether a connection fails in this way because of the client's configuration, as long as no
 * connection ever succeeded: a host name, a certificate, a credential. */
bool kafka_error_is_set_up(rd_kafka_resp_err_t error);

#endif
