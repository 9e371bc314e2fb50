#include "config.h"

#include "kafka/kafka_rejects.h"

#include <errno.h>
#include <stdio.h>

/* The most messages, and bytes of them, under way, unless a command rejects more at once. */
enum { MOST = 10000, MOST_BYTES = 16 << 20 };

/* The report of one message; called by rd_kafka_poll(). */
static void reported(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
    struct kafka_rejects_pending *pending = message->_private;
    const struct kafka_client *client = opaque;
    struct kafka_rejects *rejects = client->context;
    (void)handle;
    rejects->under_way--;
    rejects->bytes -= message->len;
    pending->count--;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR || pending->failed)
        return;
    pending->failed = true;
    reason_set(&pending->why, "topic %s: %s", rejects->topic, rd_kafka_err2str(message->err));
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Half of the capacity of librdkafka's queue. */
static void set_limits(struct kafka_rejects *rejects, const rd_kafka_conf_t *conf)
{
    size_t messages = (size_t)kafka_config_number(conf, "queue.buffering.max.messages");
    size_t kbytes = (size_t)kafka_config_number(conf, "queue.buffering.max.kbytes");
    rejects->under_way = rejects->bytes = 0;
    rejects->most = messages > 0 ? least(MOST, (messages + 1) / 2) : MOST;
    rejects->most_bytes = least(MOST_BYTES, kbytes * 1024 / 2);
}

static bool open_topic(struct kafka_rejects *rejects, const struct kafka_options *options)
{
    const struct kafka_property defaults[] = {
        {"client.id", "audit-kafkaget"},
        {"message.max.bytes", "100000000"},
        {"partitioner", "murmur2_random"},
        {"queue.buffering.max.messages", "1000000"}, /* a batch of which all lines are rejected */
        {NULL, NULL},
    };
    const struct kafka_property fixed[] = {
        {"enable.idempotence", "true"}, {"acks", "all"}, {"request.required.acks", NULL},
        {"transactional.id", NULL},     {NULL, NULL},
    };
    const struct kafka_property given[] = {{NULL, NULL}};
    rd_kafka_conf_t *conf = kafka_config(options, defaults, fixed, given);
    if (conf == NULL)
        return false;
    set_limits(rejects, conf);
    rd_kafka_conf_set_dr_msg_cb(conf, reported);
    rejects->producer.context = rejects;
    if (!kafka_client_open(&rejects->producer, RD_KAFKA_PRODUCER, conf))
        return false;
    rejects->to = rd_kafka_topic_new(rejects->producer.handle, rejects->topic, NULL);
    if (rejects->to != NULL)
        return true;
    diag_fail("topic %s: %s", rejects->topic, rd_kafka_err2str(rd_kafka_last_error()));
    return false;
}

bool kafka_rejects_begin(struct kafka_rejects *rejects, const struct kafka_options *options)
{
    rejects->append = (struct append){.fd = -1};
    rejects->producer = (struct kafka_client){.event = -1};
    if (rejects->file != NULL && !append_open(&rejects->append, rejects->file)) {
        diag_fail("%s: %s", rejects->file, strerror(errno));
        return false;
    }
    if (rejects->topic == NULL || open_topic(rejects, options))
        return true;
    kafka_rejects_end(rejects);
    return false;
}

static void add_header(rd_kafka_headers_t *headers, const char *name, struct span value)
{
    if (value.at != NULL)
        rd_kafka_header_add(headers, name, -1, value.at, (ssize_t)value.len);
}

static rd_kafka_headers_t *make_headers(const struct kafka_reject *reject)
{
    char number[32];
    rd_kafka_headers_t *headers = rd_kafka_headers_new(5);
    add_header(headers, "path", reject->path);
    add_header(headers, "reason", span_of(reject->reason));
    add_header(headers, "topic", span_of(reject->topic));
    snprintf(number, sizeof number, "%d", (int)reject->partition);
    add_header(headers, "partition", span_of(number));
    snprintf(number, sizeof number, "%lld", (long long)reject->offset);
    add_header(headers, "offset", span_of(number));
    return headers;
}

static bool send_message(struct kafka_rejects *rejects, const struct kafka_reject *reject,
                         struct kafka_rejects_pending *pending, struct reason *reason)
{
    rd_kafka_headers_t *headers = make_headers(reject);
    rd_kafka_resp_err_t error =
        rd_kafka_producev(rejects->producer.handle, RD_KAFKA_V_RKT(rejects->to),
                          RD_KAFKA_V_KEY(reject->key.at, reject->key.len),
                          RD_KAFKA_V_VALUE((void *)(uintptr_t)reject->value.at, reject->value.len),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_HEADERS(headers),
                          RD_KAFKA_V_OPAQUE(pending), RD_KAFKA_V_END);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_headers_destroy(headers);
        return reason_set(reason, "topic %s: %s", rejects->topic, rd_kafka_err2str(error));
    }
    pending->count++;
    rejects->under_way++;
    rejects->bytes += reject->value.len;
    return true;
}

bool kafka_rejects_add(struct kafka_rejects *rejects, const struct kafka_reject *reject,
                       struct kafka_rejects_pending *pending, struct reason *reason)
{
    rejects->count++;
    if (rejects->append.fd >= 0 && !append_line(&rejects->append, &reject->line, 1))
        return reason_set(reason, "%s: %s", rejects->file, strerror(rejects->append.error));
    return rejects->to == NULL || send_message(rejects, reject, pending, reason);
}

bool kafka_rejects_is_full(const struct kafka_rejects *rejects)
{
    return rejects->to != NULL &&
           (rejects->under_way >= rejects->most || rejects->bytes >= rejects->most_bytes);
}

bool kafka_rejects_flush(struct kafka_rejects *rejects, struct reason *reason)
{
    return rejects->append.fd < 0 || append_flush(&rejects->append) ||
           reason_set(reason, "%s: %s", rejects->file, strerror(rejects->append.error));
}

void kafka_rejects_run(struct kafka_rejects *rejects)
{
    if (rejects->producer.handle == NULL)
        return;
    kafka_client_woken(&rejects->producer);
    rd_kafka_poll(rejects->producer.handle, 0);
}

void kafka_rejects_end(struct kafka_rejects *rejects)
{
    if (rejects->append.fd >= 0 && !append_close(&rejects->append))
        diag_fail("%s: %s", rejects->file, strerror(rejects->append.error));
    if (rejects->to != NULL)
        rd_kafka_topic_destroy(rejects->to);
    kafka_client_close(&rejects->producer);
    rejects->to = NULL;
}
