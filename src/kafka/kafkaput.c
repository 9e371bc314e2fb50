#include "config.h"

#include "base/clock.h"
#include "deliver/ledger.h"
#include "kafka/kafka_error.h"
#include "kafka/kafkaput.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

enum {
    WINDOW = 16 * 1024 * 1024, /* bytes of records in memory */
    ALONE = 1,                 /* a record's tag: its batch was refused */
    PURGE_WAIT = 100,          /* milliseconds between checks whether all records were returned */
    FLUSH_WAIT = 1,            /* milliseconds in which librdkafka's threads notice a flush */
};

static const char *const compression_names[] = {"none", "gzip", "lz4", "zstd", NULL};

const struct option_line kafkaput_options[] = {
    {.name = "key",
     .argument = "KEY",
     .help = "whose events keep their order: customer (default), user,\n"
             "recipe, kind, a pattern like '{user_id}-{kind}', path (its\n"
             "first component), or none",
     OPTION_TEXT(struct kafkaput_options, key)},
    {.name = "compression",
     .argument = "HOW",
     .help = "compress batches of messages (default none)",
     OPTION_CHOICE(struct kafkaput_options, compression, compression_names)},
    {.name = "retry-for",
     .argument = "DURATION",
     .help = "try an event again for so long (default 5m)",
     OPTION_INTERVAL(struct kafkaput_options, retry_for, 100000)},
    {.name = "drain",
     .argument = "DURATION",
     .help = "on a signal, wait this long for messages under way\n(default 30s)",
     OPTION_INTERVAL(struct kafkaput_options, drain, 0)},
    {.name = "dry-run",
     .help = "write the messages to standard output, send none",
     OPTION_FLAG(struct kafkaput_options, dry_run)},
    {.name = NULL},
};

static struct kafkaput *kafkaput_of(struct sink *sink)
{
    return sink->context;
}

/* --- A record's outcome --- */

static void settle(struct kafkaput *k, struct record *record, enum outcome_kind kind,
                   const char *reason, struct span more)
{
    const struct outcome outcome = {
        .kind = kind,
        .reason = reason,
        .attempts = record->attempts,
        .sent_at = record->sent_at,
        .more = more,
    };
    ledger_settle(k->sink.ledger, record, &outcome);
}

static void settle_undelivered(struct kafkaput *k, struct record *record, const char *reason)
{
    settle(k, record, OUTCOME_UNDELIVERED, k->sink.stopping ? NULL : reason,
           (struct span){NULL, 0});
}

static void settle_delivered(struct kafkaput *k, struct record *record,
                             const rd_kafka_message_t *message)
{
    char more[400];
    int n = 0;
    /* Only a receipt has the position. */
    if (k->sink.ledger->receipts.fd >= 0)
        n = snprintf(more, sizeof more, "\"topic\":\"%s\",\"partition\":%d,\"offset\":%lld",
                     k->options->kafka.topic, (int)message->partition, (long long)message->offset);
    k->delivered = true;
    k->client.all_down = false;
    outage_success(&k->outage, k->sink.now);
    settle(k, record, OUTCOME_DELIVERED, NULL, (struct span){more, (size_t)n});
}

/* The message is refused.  The broker may have refused the whole batch because of another message,
 * or because of its size; so the message is sent once more, alone. */
static void refused(struct kafkaput *k, struct record *record, rd_kafka_resp_err_t error)
{
    struct reason why;
    if (record->tag != ALONE && !k->sink.stopping) {
        if (!k->told_refused)
            diag_warn("%s: a batch was refused: %s; its messages are sent one by one; a smaller "
                      "batch.size in the file of --config avoids that",
                      k->name, rd_kafka_err2str(error));
        k->told_refused = true;
        record->tag = ALONE;
        records_add(&k->again, record);
        return;
    }
    reason_set(&why, "%s", rd_kafka_err2str(error));
    if (error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
        reason_append(&why, SPAN("; max.message.bytes of the topic sets the limit"));
    settle(k, record, OUTCOME_REJECTED, why.text, (struct span){NULL, 0});
}

static void misconfigured(struct kafkaput *k, const char *why)
{
    sink_stop(&k->sink, NULL, why);
}

static void failed(struct kafkaput *k, struct record *record, rd_kafka_resp_err_t error)
{
    struct reason why;
    bool timed_out = error == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT;
    reason_set(&why, "%s", rd_kafka_err2str(error));
    switch (kafka_error_of_message(error)) {
    case KAFKA_ERROR_RECORD:
        refused(k, record, error);
        return;
    case KAFKA_ERROR_SET_UP:
        misconfigured(k, k->client.fatal ? k->client.why.text : why.text);
        break;
    case KAFKA_ERROR_LATER:
        if (timed_out && k->client.why.text[0] != '\0')
            reason_set(&why, "%s; last: %.400s", rd_kafka_err2str(error), k->client.why.text);
        break;
    }
    bool purged =
        error == RD_KAFKA_RESP_ERR__PURGE_QUEUE || error == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
    settle_undelivered(k, record, purged || k->sink.hopeless ? NULL : why.text);
}

/* The report of one message; called by rd_kafka_poll(). */
static void reported(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
    const struct kafka_client *client = opaque;
    struct kafkaput *k = client->context;
    struct record *record = message->_private;
    (void)handle;
    k->sink.under_way--;
    if (record->tag == ALONE)
        k->alone = false;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        settle_delivered(k, record, message);
    else
        failed(k, record, message->err);
}

/* --- Sending --- */

/* The first component of the path. */
static bool path_key(const struct record *record, struct span *key, struct reason *reason)
{
    struct span path = record->name;
    if (path.at == NULL || path.len == 0 || path.at[0] == '/')
        return reason_set(reason,
                          "no key: the event has no path; pipe it through audit-path first");
    const char *slash = memchr(path.at, '/', path.len);
    *key = slash != NULL ? span_between(path.at, slash) : path;
    return true;
}

/* Reads the record's key, which is valid until the next one is read; json as for
 * record_key_read(). */
static bool read_key(struct kafkaput *k, struct json *json, const struct record *record,
                     struct reason *reason)
{
    k->keyed = record;
    k->key_value = (struct span){NULL, 0};
    if (k->by_path)
        return path_key(record, &k->key_value, reason);
    return strcmp(k->options->key, "none") == 0 ||
           record_key_read(&k->key, json, record, &k->key_value, reason);
}

static void add_member(struct edit *edit, struct span name, struct span text)
{
    edit_add(edit, name);
    if (text.at == NULL) {
        edit_add(edit, SPAN("null"));
        return;
    }
    edit_add(edit, SPAN("\""));
    edit_add_encoded(edit, text);
    edit_add(edit, SPAN("\""));
}

/* Writes the message as a line of JSON. */
static void show(struct kafkaput *k, struct record *record)
{
    struct filter *filter = k->sink.ledger->filter;
    struct edit *edit = &filter->edit;
    edit_clear(edit);
    add_member(edit, SPAN("{\"topic\":"), span_of(k->options->kafka.topic));
    add_member(edit, SPAN(",\"key\":"), k->key_value);
    edit_add(edit, SPAN(",\"headers\":{"));
    if (record->name.at != NULL)
        add_member(edit, SPAN("\"path\":"), record->name);
    edit_add(edit, SPAN("},\"value\":"));
    edit_add(edit, record->body);
    edit_add(edit, SPAN("}"));
    filter_write_edit(filter);
    settle(k, record, OUTCOME_DELIVERED, NULL, (struct span){NULL, 0});
}

/* Passes the message to librdkafka, which reads the record's bytes until it reports. */
static rd_kafka_resp_err_t produce(struct kafkaput *k, struct record *record)
{
    struct span path = record->name, body = record->body, key = k->key_value;
    rd_kafka_headers_t *headers = NULL;
    if (path.at != NULL) {
        headers = rd_kafka_headers_new(1);
        rd_kafka_header_add(headers, "path", -1, path.at, (ssize_t)path.len);
    }
    rd_kafka_resp_err_t error = rd_kafka_producev(
        k->client.handle, RD_KAFKA_V_RKT(k->topic), RD_KAFKA_V_KEY(key.at, key.len),
        RD_KAFKA_V_VALUE((void *)(uintptr_t)body.at, body.len), RD_KAFKA_V_MSGFLAGS(0),
        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(record), RD_KAFKA_V_END);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR && headers != NULL)
        rd_kafka_headers_destroy(headers);
    return error;
}

/* Passes the record to librdkafka.  False: librdkafka has no room now. */
static bool give(struct kafkaput *k, struct record *record)
{
    struct reason why;
    if (k->keyed != record)
        read_key(k, NULL, record, &why);
    rd_kafka_resp_err_t error = produce(k, record);
    if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        return false;
    record->attempts++;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        k->sink.under_way++;
        k->alone = record->tag == ALONE;
    } else if (error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
        reason_set(&why,
                   "the event has %zu bytes, and message.max.bytes, a property for --config, is "
                   "%ld",
                   record->body.len, k->message_max);
        settle(k, record, OUTCOME_REJECTED, why.text, (struct span){NULL, 0});
    } else {
        failed(k, record, error);
    }
    return true;
}

/* Passes records to librdkafka again: those that it had no room for and, one at a time, those that
 * were refused with others. */
static void give_again(struct kafkaput *k)
{
    struct records all = k->again;
    k->again = (struct records){0};
    for (struct record *record; (record = all.first) != NULL;) {
        bool alone = record->tag == ALONE;
        if (k->alone || k->sink.stopping || (alone && k->sink.under_way > 0))
            break;
        records_take(&all);
        if (!give(k, record)) {
            records_add(&k->again, record);
            break;
        }
    }
    records_prepend(&k->again, &all);
}

/* --- The sink --- */

static bool accept_record(struct sink *sink, struct record *record, struct reason *reason)
{
    if (record->path.at != NULL && record->name.at == NULL)
        return reason_set(reason, "the path cannot be decoded to a header");
    return read_key(kafkaput_of(sink), sink->json, record, reason);
}

static void submit(struct sink *sink, struct record *record)
{
    struct kafkaput *k = kafkaput_of(sink);
    record->tag = 0;
    record->attempts = 0;
    record->sent_at = sink->now;
    if (k->options->dry_run)
        show(k, record);
    else if (!give(k, record))
        records_add(&k->again, record);
}

/* There is no more input to read now: messages need not wait for others to fill a batch. */
static void commit(struct sink *sink)
{
    const struct kafkaput *k = kafkaput_of(sink);
    if (sink->under_way > 0 && !sink->full)
        rd_kafka_flush(k->client.handle, FLUSH_WAIT);
}

static bool room(struct sink *sink, int64_t *wake_at)
{
    const struct kafkaput *k = kafkaput_of(sink);
    (void)wake_at;
    return k->again.count == 0 && !k->alone;
}

static void lower(int64_t *wake_at, int64_t time)
{
    if (time < *wake_at)
        *wake_at = time;
}

/* Reports failing connections while records wait for them. */
static void tell_failures(struct kafkaput *k, int64_t *wake_at)
{
    struct kafka_client *client = &k->client;
    bool news = client->failures != k->failures_seen;
    k->failures_seen = client->failures;
    bool set_up = !k->delivered && kafka_error_is_set_up(client->error);
    if (client->fatal || (set_up && client->all_down))
        misconfigured(k, client->why.text);
    /* Whether it is a configuration error or an outage is known only after all brokers were
     * tried. */
    if (k->sink.under_way == 0 || k->sink.stopping || set_up)
        return;
    /* The first failure of a TLS handshake may look like a network error: as long as nothing was
     * delivered, an outage is reported only after a second. */
    if (news || (k->outage.since != 0 && k->outage.told_until == 0))
        outage_failure(&k->outage, client->why.text, client->all_down && k->delivered, k->sink.now,
                       k->budget);
    if (k->outage.since != 0 && k->outage.told_until == 0)
        lower(wake_at, k->outage.since + CLOCK_SECOND);
}

static void run(struct sink *sink, int64_t *wake_at)
{
    struct kafkaput *k = kafkaput_of(sink);
    if (k->client.handle == NULL)
        return;
    /* Available input is read before the first report about the cluster: if nothing can be sent, it
     * is rejected, however fast that is known. */
    if (!k->begun) {
        k->begun = true;
        lower(wake_at, sink->now);
        return;
    }
    kafka_client_woken(&k->client);
    rd_kafka_poll(k->client.handle, 0);
    bool was_full = k->again.count > 0 || k->alone;
    give_again(k);
    tell_failures(k, wake_at);
    if (k->again.count > 0 && !k->alone && sink->under_way == 0)
        lower(wake_at, sink->now);
    else if (k->again.count > 0 && !k->alone)
        lower(wake_at, sink->now + 10 * CLOCK_MS);
    /* There is room again. */
    if (was_full && k->again.count == 0 && !k->alone)
        lower(wake_at, sink->now);
}

static bool wait_for_reports(struct sink *sink, int input, int wake, int64_t timeout)
{
    const int64_t longest = 3600 * CLOCK_SECOND;
    const struct kafkaput *k = kafkaput_of(sink);
    struct pollfd ready[] = {
        {.fd = input, .events = POLLIN},
        {.fd = wake, .events = POLLIN},
        {.fd = k->client.handle != NULL ? k->client.event : -1, .events = POLLIN},
    };
    if (timeout > longest)
        timeout = longest;
    return poll(ready, 3, (int)((timeout + CLOCK_MS - 1) / CLOCK_MS)) > 0 && ready[0].revents != 0;
}

static void give_up(struct sink *sink, bool all)
{
    struct kafkaput *k = kafkaput_of(sink);
    for (struct record *record; (record = records_take(&k->again)) != NULL;)
        settle_undelivered(k, record, NULL);
    if (sink->under_way == 0 || (!all && !sink->hopeless))
        return;
    rd_kafka_purge(k->client.handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    /* librdkafka reads the records until it has returned each of them. */
    while (sink->under_way > 0)
        rd_kafka_poll(k->client.handle, PURGE_WAIT);
}

/* --- Beginning and end --- */

static bool open_topic(struct kafkaput *k, rd_kafka_conf_t *conf)
{
    rd_kafka_conf_set_dr_msg_cb(conf, reported);
    k->client.context = k;
    if (!kafka_client_open(&k->client, RD_KAFKA_PRODUCER, conf))
        return false;
    k->topic = rd_kafka_topic_new(k->client.handle, k->options->kafka.topic, NULL);
    if (k->topic != NULL)
        return true;
    diag_fail("topic %s: %s", k->options->kafka.topic, rd_kafka_err2str(rd_kafka_last_error()));
    kafka_client_close(&k->client);
    return false;
}

static bool open_producer(struct kafkaput *k)
{
    const struct kafkaput_options *options = k->options;
    char timeout[32];
    const struct kafka_property defaults[] = {
        {"client.id", "audit-kafkaput"},
        {"linger.ms", "20"}, /* needs a third of the requests if there are many partitions */
        {"message.copy.max.bytes", "256"},  /* larger ones are sent without a copy */
        {"message.max.bytes", "100000000"}, /* the topic's limit applies */
        {"message.timeout.ms", "300000"},
        {"partitioner", "murmur2_random"},
        {"queue.buffering.max.messages", "1000000"},
        {"socket.keepalive.enable", "true"},
        {"topic.metadata.propagation.max.ms", "10000"},
        {NULL, NULL},
    };
    const struct kafka_property fixed[] = {
        {"enable.idempotence", "true"}, {"acks", "all"}, {"request.required.acks", NULL},
        {"transactional.id", NULL},     {NULL, NULL},
    };
    const struct kafka_property given[] = {
        {"message.timeout.ms", options->retry_for > 0 ? timeout : NULL},
        {"compression.codec",
         options->compression >= 0 ? compression_names[options->compression] : NULL},
        {NULL, NULL},
    };
    snprintf(timeout, sizeof timeout, "%lld", (long long)(options->retry_for / CLOCK_MS));
    rd_kafka_conf_t *conf = kafka_config(&options->kafka, defaults, fixed, given);
    if (conf == NULL)
        return false;
    k->budget = kafka_config_number(conf, "message.timeout.ms") * CLOCK_MS;
    k->message_max = kafka_config_number(conf, "message.max.bytes");
    if (!options->dry_run)
        return open_topic(k, conf);
    rd_kafka_conf_destroy(conf);
    return true;
}

bool kafkaput_begin(struct kafkaput *k, const struct kafkaput_options *options)
{
    struct reason reason;
    bool verbose = k->client.verbose;
    *k = (struct kafkaput){.options = options, .client = {.event = -1, .verbose = verbose}};
    k->by_path = strcmp(options->key, "path") == 0;
    if (!k->by_path && strcmp(options->key, "none") != 0 &&
        !record_key_parse(&k->key, options->key, &reason)) {
        options_usage("--key=%s: %s", options->key, reason.text);
        return false;
    }
    snprintf(k->name, sizeof k->name, "topic %s", options->kafka.topic);
    k->outage.name = k->name;
    k->sink = (struct sink){
        .context = k,
        .name = k->name,
        .accept = accept_record,
        .submit = submit,
        .commit = commit,
        .room = room,
        .run = run,
        .wait = wait_for_reports,
        .give_up = give_up,
        .group_time = SINK_NO_TIME,
        .group_idle = 2 * CLOCK_MS,
        .window = WINDOW,
        .drain = options->drain,
        .shows = options->dry_run,
    };
    return open_producer(k);
}

void kafkaput_end(struct kafkaput *k)
{
    if (k->topic != NULL)
        rd_kafka_topic_destroy(k->topic);
    kafka_client_close(&k->client);
    record_key_free(&k->key);
}
