/* kafka_client: a client of librdkafka in a loop of our own: its events wake a poll(2), its
 * callbacks run in our thread, and what it says of its connections is kept for messages.
 */
#ifndef KAFKA_CLIENT_H
#define KAFKA_CLIENT_H

#include "base/diag.h"

#include <librdkafka/rdkafka.h>
#include <stdint.h>

struct kafka_client {
    rd_kafka_t *handle; /* NULL: not open */
    int event;          /* can be read once there is something to be polled */
    bool verbose;       /* librdkafka's log goes to standard error */
    void *context;      /* the owner's, for its callbacks */

    /* What the error callback was told. */
    rd_kafka_resp_err_t error; /* of the last connection that failed */
    struct reason why;         /* and its words */
    bool all_down;             /* no broker can be reached; the owner resets it */
    bool fatal;                /* the client has stopped for good; `why` says why */
    unsigned failures;         /* how often it was called */
};

/* Sets the callbacks for errors and logs, and opens the client, whose opaque is then `client`. conf
 * is taken over.  False after a message. */
bool kafka_client_open(struct kafka_client *client, rd_kafka_type_t type, rd_kafka_conf_t *conf);

/* What a client whose queue is polled for events does with an error and with a log line; the
 * callbacks do the same. */
void kafka_client_error(struct kafka_client *client, rd_kafka_resp_err_t error, const char *why);
void kafka_client_log(const struct kafka_client *client, const char *facility, const char *text);

/* Has `event` told of what comes to the queue. */
void kafka_client_watch(struct kafka_client *client, rd_kafka_queue_t *queue);

/* Reads `event` empty: called before the queues are polled. */
void kafka_client_woken(struct kafka_client *client);

void kafka_client_close(struct kafka_client *client);

#endif
