#include "config.h"

#include "kafka/kafka_client.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Whether OpenSSL's text says that one side refuses a certificate.  librdkafka may report that as a
 * lost connection: with TLS 1.3 a broker refuses the client's certificate only after the handshake,
 * and some of the client's own refusals are reported that way, too. */
static bool is_refused_certificate(const char *why)
{
    return strstr(why, "SSL routines") != NULL &&
           (strstr(why, "certificate") != NULL || strstr(why, "unknown ca") != NULL);
}

void kafka_client_error(struct kafka_client *client, rd_kafka_resp_err_t error, const char *why)
{
    char text[400];
    client->failures++;
    if (error == RD_KAFKA_RESP_ERR__FATAL) {
        rd_kafka_fatal_error(client->handle, text, sizeof text);
        reason_set(&client->why, "%s", text);
        client->fatal = true;
        return;
    }
    if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        client->all_down = true;
        if (client->why.text[0] != '\0')
            return;
    } else {
        client->error = is_refused_certificate(why) ? RD_KAFKA_RESP_ERR__SSL : error;
    }
    client->why.text[0] = '\0';
    reason_append(&client->why, span_of(why));
}

static void take_error(rd_kafka_t *handle, int error, const char *why, void *opaque)
{
    (void)handle;
    kafka_client_error(opaque, (rd_kafka_resp_err_t)error, why);
}

void kafka_client_log(const struct kafka_client *client, const char *facility, const char *text)
{
    if (client->verbose)
        diag_warn("librdkafka: %s: %s", facility, text);
}

static void take_log(const rd_kafka_t *handle, int level, const char *facility, const char *text)
{
    (void)level;
    kafka_client_log(rd_kafka_opaque(handle), facility, text);
}

bool kafka_client_open(struct kafka_client *client, rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char error[512];
    rd_kafka_conf_set_opaque(conf, client);
    rd_kafka_conf_set_error_cb(conf, take_error);
    rd_kafka_conf_set_log_cb(conf, take_log);
    client->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (client->event < 0) {
        diag_fail("no descriptor for events: %s", strerror(errno));
        rd_kafka_conf_destroy(conf);
        return false;
    }
    client->handle = rd_kafka_new(type, conf, error, sizeof error);
    if (client->handle == NULL) {
        diag_fail("%s", error);
        rd_kafka_conf_destroy(conf);
        close(client->event);
        return false;
    }
    rd_kafka_set_log_queue(client->handle, NULL);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_main(client->handle);
    kafka_client_watch(client, queue);
    rd_kafka_queue_destroy(queue);
    return true;
}

void kafka_client_watch(struct kafka_client *client, rd_kafka_queue_t *queue)
{
    static const uint64_t one = 1;
    rd_kafka_queue_io_event_enable(queue, client->event, &one, sizeof one);
}

void kafka_client_woken(struct kafka_client *client)
{
    uint64_t count;
    (void)!read(client->event, &count, sizeof count);
}

void kafka_client_close(struct kafka_client *client)
{
    if (client->handle == NULL)
        return;
    rd_kafka_destroy(client->handle);
    close(client->event);
    client->handle = NULL;
}
