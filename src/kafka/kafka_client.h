/* kafka_client: a librdkafka client for a loop of our own: its events wake a poll(2), its callbacks
 * run in our thread, and its reports on connections are kept for messages. */
#ifndef KAFKA_CLIENT_H
#define KAFKA_CLIENT_H

#include "base/diag.h"

#include <librdkafka/rdkafka.h>
#include <stdint.h>

struct kafka_client {
    rd_kafka_t *handle; /* NULL: not open */
    int event;          /* readable when there is something to poll */
    bool verbose;       /* librdkafka's log goes to standard error */
    void *context;      /* the owner's, for its callbacks */

    /* What the error callback has reported. */
    rd_kafka_resp_err_t error; /* of the last connection that failed */
    struct reason why;         /* and its text */
    bool all_down;             /* no broker can be reached; the owner resets it */
    bool fatal;                /* the client has stopped for good; the reason is in `why` */
    unsigned failures;         /* how often the callback was called */
};

/* Sets the callbacks for errors and logs, and opens the client, whose opaque is then `client`. conf
 * is taken over.  False after a message. */
bool kafka_client_open(struct kafka_client *client, rd_kafka_type_t type, rd_kafka_conf_t *conf);

/* For a client whose queue is polled for events: handle an error and a log line as the callbacks
 * do. */
void kafka_client_error(struct kafka_client *client, rd_kafka_resp_err_t error, const char *why);
void kafka_client_log(const struct kafka_client *client, const char *facility, const char *text);

/* Makes `event` readable when something comes to the queue. */
void kafka_client_watch(struct kafka_client *client, rd_kafka_queue_t *queue);

/* Empties `event`: called before the queues are polled. */
void kafka_client_woken(struct kafka_client *client);

void kafka_client_close(struct kafka_client *client);

#endif
