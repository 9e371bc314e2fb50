#include "config.h"

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/pipe.h"
#include "kafka/kafka_error.h"
#include "kafka/kafka_partition.h"
#include "kafka/kafkaget.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LONGEST_WAIT (1 * CLOCK_SECOND) /* librdkafka must be polled */
#define COMMIT_AGAIN (1 * CLOCK_SECOND)
#define WITHOUT_WORK (5 * CLOCK_SECOND)  /* so long without a partition, none is expected */
#define NOBODY_FOR   (60 * CLOCK_SECOND) /* without --follow, the longest wait for a broker */

enum { FIXED = 4, PER_PARTITION = 2 }; /* descriptors that are polled */

struct kafkaget {
    const struct kafkaget_options *options;
    struct kafka_client client;
    rd_kafka_queue_t *queue; /* for the group's events */
    struct kafka_work work;
    struct kafka_partition **partition;
    size_t count, capacity;
    struct kafka_partition *gone; /* removed, and not freed yet */
    struct pollfd *poll;
    rd_kafka_topic_partition_list_t *revoked; /* to be given away; NULL: none */
    bool committing;                          /* a commit is under way */
    int64_t commit_at;     /* the next commit is not before this, after a failure */
    bool commit_told;      /* failing commits were reported */
    bool assigned;         /* the group has assigned our partitions */
    int64_t without_since; /* since when we have none */
    int64_t failed_at;     /* when brokers became unreachable; 0: one can be reached */
    int64_t down_since;    /* since when no broker can be reached, once reported; 0: not reported */
    bool stopping, signalled;
    int64_t drain_until;
};

/* --- Partitions --- */

static struct kafka_partition *find(struct kafkaget *k, int32_t number)
{
    for (size_t i = 0; i < k->count; i++)
        if (k->partition[i]->number == number)
            return k->partition[i];
    return NULL;
}

/* False: no memory. */
static bool make_room(struct kafkaget *k)
{
    if (k->count < k->capacity)
        return true;
    size_t capacity = k->capacity == 0 ? 16 : 2 * k->capacity;
    struct kafka_partition **grown = realloc(k->partition, capacity * sizeof(*grown));
    if (grown == NULL)
        return false;
    k->partition = grown;
    struct pollfd *polled = realloc(k->poll, (FIXED + PER_PARTITION * capacity) * sizeof *polled);
    if (polled == NULL)
        return false;
    k->poll = polled;
    k->capacity = capacity;
    return true;
}

/* Begins with a partition: its messages go to a queue of its own. */
static bool add_partition(struct kafkaget *k, int32_t number)
{
    struct kafka_partition *p = make_room(k) ? malloc(sizeof *p) : NULL;
    rd_kafka_queue_t *queue =
        p != NULL ? rd_kafka_queue_get_partition(k->client.handle, k->options->kafka.topic, number)
                  : NULL;
    if (queue == NULL) {
        free(p);
        return false;
    }
    rd_kafka_queue_forward(queue, NULL);
    kafka_client_watch(&k->client, queue);
    kafka_partition_begin(p, &k->work, number, queue);
    if (k->stopping)
        kafka_partition_leave(p, false);
    k->partition[k->count++] = p;
    return true;
}

static void remove_partition(struct kafkaget *k, size_t i)
{
    struct kafka_partition *p = k->partition[i];
    kafka_partition_end(p);
    p->next = k->gone;
    k->gone = p;
    k->partition[i] = k->partition[--k->count];
}

/* Frees the removed partitions that get no more reports, or all. */
static void free_removed(struct kafkaget *k, bool all)
{
    for (struct kafka_partition *p, **at = &k->gone; (p = *at) != NULL;) {
        if (!all && !kafka_partition_is_alone(p)) {
            at = &p->next;
            continue;
        }
        *at = p->next;
        free(p);
    }
}

/* --- Commits --- */

/* The offsets that can be committed and are not yet, of all partitions or of those that leave;
 * NULL: none. */
static rd_kafka_topic_partition_list_t *offsets_to_commit(struct kafkaget *k, bool leaving)
{
    rd_kafka_topic_partition_list_t *list = NULL;
    for (size_t i = 0; i < k->count; i++) {
        const struct kafka_partition *p = k->partition[i];
        if (p->done <= p->committed || p->lost || (leaving && !p->leaving))
            continue;
        if (list == NULL)
            list = rd_kafka_topic_partition_list_new((int)k->count);
        rd_kafka_topic_partition_list_add(list, k->options->kafka.topic, p->number)->offset =
            p->done;
    }
    return list;
}

/* Rejects are flushed before their offsets are committed. */
static bool flush_rejects(struct kafkaget *k)
{
    struct reason reason;
    if (k->work.broken || kafka_rejects_flush(&k->work.rejects, &reason))
        return !k->work.broken;
    diag_fail("%s", reason.text);
    k->work.broken = true;
    return false;
}

static void begin_commit(struct kafkaget *k, int64_t now)
{
    if (k->committing || now < k->commit_at)
        return;
    rd_kafka_topic_partition_list_t *list = offsets_to_commit(k, false);
    if (list == NULL)
        return;
    if (flush_rejects(k)) {
        rd_kafka_resp_err_t error =
            rd_kafka_commit_queue(k->client.handle, list, k->queue, NULL, NULL);
        k->committing = error == RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    rd_kafka_topic_partition_list_destroy(list);
}

/* False: not all of them were committed. */
static bool note_committed(struct kafkaget *k, const rd_kafka_topic_partition_list_t *list)
{
    bool all = true;
    for (int i = 0; list != NULL && i < list->cnt; i++) {
        struct kafka_partition *p = find(k, list->elems[i].partition);
        if (p != NULL && list->elems[i].err == RD_KAFKA_RESP_ERR_NO_ERROR &&
            list->elems[i].offset > p->committed)
            p->committed = list->elems[i].offset;
        all = all && list->elems[i].err == RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    return all;
}

static void commit_ended(struct kafkaget *k, rd_kafka_event_t *event, int64_t now)
{
    rd_kafka_resp_err_t error = rd_kafka_event_error(event);
    k->committing = false;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        k->commit_told = false;
        if (!note_committed(k, rd_kafka_event_topic_partition_list(event)))
            k->commit_at = now + COMMIT_AGAIN;
        return;
    }
    k->commit_at = now + COMMIT_AGAIN;
    if (!k->commit_told)
        diag_warn("topic %s: offsets cannot be committed: %s; trying again",
                  k->options->kafka.topic, rd_kafka_err2str(error));
    k->commit_told = true;
}

/* Commits what is done and waits for it: the partitions are about to be another worker's. */
static void commit_now(struct kafkaget *k, bool leaving)
{
    rd_kafka_topic_partition_list_t *list = offsets_to_commit(k, leaving);
    if (list == NULL)
        return;
    if (flush_rejects(k)) {
        rd_kafka_resp_err_t error = rd_kafka_commit(k->client.handle, list, 0);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
            note_committed(k, list);
        } else {
            diag_warn("topic %s: the last offsets could not be committed: %s; what they cover is "
                      "delivered again",
                      k->options->kafka.topic, rd_kafka_err2str(error));
            /* Those that leave may be the new owner's already. */
            if (!leaving && !k->options->follow)
                diag_raise(STATUS_FAILED);
        }
    }
    rd_kafka_topic_partition_list_destroy(list);
}

/* --- The group --- */

static bool is_cooperative(const struct kafkaget *k)
{
    return strcmp(rd_kafka_rebalance_protocol(k->client.handle), "COOPERATIVE") == 0;
}

static void check_error(rd_kafka_error_t *error)
{
    if (error == NULL)
        return;
    diag_warn("the group's assignment: %s", rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
}

static void assign(struct kafkaget *k, const rd_kafka_topic_partition_list_t *given)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_copy(given);
    for (int i = 0; i < list->cnt; i++) {
        /* Starts at the group's committed offset, whatever we have read of it before. */
        list->elems[i].offset = RD_KAFKA_OFFSET_INVALID;
        if (find(k, list->elems[i].partition) == NULL &&
            !add_partition(k, list->elems[i].partition)) {
            diag_fail("partition %d: %s", (int)list->elems[i].partition, strerror(ENOMEM));
            k->work.broken = true;
        }
    }
    if (is_cooperative(k))
        check_error(rd_kafka_incremental_assign(k->client.handle, list));
    else
        rd_kafka_assign(k->client.handle, list);
    rd_kafka_topic_partition_list_destroy(list);
    k->assigned = true;
}

static void begin_revoke(struct kafkaget *k, const rd_kafka_topic_partition_list_t *list)
{
    bool lost = rd_kafka_assignment_lost(k->client.handle) != 0;
    if (lost)
        diag_warn("topic %s: %s, and the group may have given the partitions to other workers; "
                  "what was under way is delivered again",
                  k->options->kafka.topic,
                  k->client.all_down ? "no broker could be reached for a whole session"
                                     : "no heartbeat of this worker reached the group in time");
    if (k->revoked != NULL)
        rd_kafka_topic_partition_list_destroy(k->revoked);
    k->revoked = rd_kafka_topic_partition_list_copy(list);
    for (int i = 0; i < list->cnt; i++) {
        struct kafka_partition *p = find(k, list->elems[i].partition);
        if (p != NULL)
            kafka_partition_leave(p, lost);
    }
}

/* Gives the partitions away once none of their work is under way. */
static void end_revoke(struct kafkaget *k)
{
    if (k->revoked == NULL)
        return;
    for (int i = 0; i < k->revoked->cnt; i++) {
        const struct kafka_partition *p = find(k, k->revoked->elems[i].partition);
        if (p != NULL && p->phase != KAFKA_ENDED)
            return;
    }
    commit_now(k, true);
    for (int i = 0; i < k->revoked->cnt; i++)
        for (size_t at = 0; at < k->count; at++)
            if (k->partition[at]->number == k->revoked->elems[i].partition) {
                remove_partition(k, at);
                break;
            }
    if (is_cooperative(k))
        check_error(rd_kafka_incremental_unassign(k->client.handle, k->revoked));
    else
        rd_kafka_assign(k->client.handle, NULL);
    rd_kafka_topic_partition_list_destroy(k->revoked);
    k->revoked = NULL;
}

static void rebalance(struct kafkaget *k, rd_kafka_event_t *event)
{
    const rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(event);
    switch (rd_kafka_event_error(event)) {
    case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
        assign(k, list);
        break;
    case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
        begin_revoke(k, list);
        break;
    default:
        rd_kafka_assign(k->client.handle, NULL);
        break;
    }
}

/* --- Errors --- */

static bool is_hopeless(rd_kafka_resp_err_t error)
{
    return error == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
           error == RD_KAFKA_RESP_ERR_INVALID_GROUP_ID ||
           error == RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL ||
           error == RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT ||
           error == RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED ||
           kafka_error_of_message(error) == KAFKA_ERROR_SET_UP;
}

static void take_error(struct kafkaget *k, rd_kafka_event_t *event)
{
    rd_kafka_resp_err_t error = rd_kafka_event_error(event);
    kafka_client_error(&k->client, error, rd_kafka_event_error_string(event));
    if (!is_hopeless(error) || k->work.broken)
        return;
    diag_fail("topic %s: %s", k->options->kafka.topic, k->client.why.text);
    k->work.broken = true;
}

/* Reports unreachable brokers, and when they can be reached again. */
static void tell_connections(struct kafkaget *k, bool heard, int64_t now)
{
    const char *topic = k->options->kafka.topic;
    if (heard) {
        if (k->down_since != 0)
            diag_warn("topic %s: a broker can be reached again, after %.1f s", topic,
                      (double)(now - k->down_since) / (double)CLOCK_SECOND);
        k->client.all_down = false;
        k->down_since = k->failed_at = 0;
    }
    if (!k->client.all_down || k->work.broken)
        return;
    bool wrong = !k->assigned && kafka_error_is_set_up(k->client.error);
    if (k->failed_at == 0)
        k->failed_at = now;
    /* The first failure of a TLS handshake may look like a network error. */
    if (!wrong && !k->assigned && now < k->failed_at + CLOCK_SECOND)
        return;
    if (k->down_since == 0 && !wrong) {
        diag_warn("topic %s: %s; no broker can be reached, trying again", topic,
                  k->client.why.text);
        k->down_since = now;
    }
    if (wrong || (!k->options->follow && now >= k->down_since + NOBODY_FOR)) {
        diag_fail("topic %s: %s", topic, k->client.why.text);
        k->work.broken = true;
    }
}

/* Takes messages that did not come to their partition's queue. */
static void take_messages(struct kafkaget *k, rd_kafka_event_t *event, int64_t now)
{
    const rd_kafka_message_t *message;
    while ((message = rd_kafka_event_message_next(event)) != NULL) {
        struct kafka_partition *p = find(k, message->partition);
        if (p != NULL && p->phase == KAFKA_FILLING)
            kafka_partition_take(p, message, now);
    }
}

/* Takes all events that have come. */
static void take_events(struct kafkaget *k, int64_t now)
{
    rd_kafka_event_t *event;
    const char *facility, *text;
    int level;
    bool heard = false;
    kafka_client_woken(&k->client);
    while ((event = rd_kafka_queue_poll(k->queue, 0)) != NULL) {
        switch (rd_kafka_event_type(event)) {
        case RD_KAFKA_EVENT_REBALANCE:
            /* Partitions that are revoked may be given up as lost, without any response from a
             * broker. */
            heard |= rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
            rebalance(k, event);
            break;
        case RD_KAFKA_EVENT_OFFSET_COMMIT:
            heard |= rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR;
            commit_ended(k, event, now);
            break;
        case RD_KAFKA_EVENT_ERROR:
            take_error(k, event);
            if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
                heard = false; /* the response was earlier */
            break;
        case RD_KAFKA_EVENT_LOG:
            if (rd_kafka_event_log(event, &facility, &text, &level) == 0)
                kafka_client_log(&k->client, facility, text);
            break;
        case RD_KAFKA_EVENT_FETCH:
            take_messages(k, event, now);
            break;
        default:
            break;
        }
        rd_kafka_event_destroy(event);
    }
    tell_connections(k, heard, now);
}

/* --- The loop --- */

static void stop(struct kafkaget *k, int64_t now)
{
    if (k->stopping)
        return;
    k->stopping = true;
    k->drain_until = now + k->options->drain;
    for (size_t i = 0; i < k->count; i++)
        kafka_partition_leave(k->partition[i], false);
}

/* The time for work under way is over: asks commands to end. */
static void stop_commands(struct kafkaget *k)
{
    k->signalled = true;
    for (size_t i = 0; i < k->count; i++)
        if (k->partition[i]->phase == KAFKA_RUNNING)
            command_signal(&k->partition[i]->run, SIGTERM);
}

/* Whether commands run, or dead letters are on their way. */
static bool is_busy(const struct kafkaget *k)
{
    for (size_t i = 0; i < k->count; i++) {
        enum kafka_phase phase = k->partition[i]->phase;
        if (phase == KAFKA_RUNNING || (phase == KAFKA_SETTLING && !k->work.broken) ||
            (phase == KAFKA_WRITING && !k->work.broken && !k->signalled))
            return true;
    }
    return false;
}

/* Whether, without --follow, there is nothing left to do. */
static bool is_done(struct kafkaget *k, int64_t now)
{
    if (k->options->follow || !k->assigned || k->revoked != NULL)
        return false;
    if (k->count == 0) {
        if (k->without_since == 0)
            k->without_since = now;
        return now >= k->without_since + WITHOUT_WORK;
    }
    k->without_since = 0;
    for (size_t i = 0; i < k->count; i++)
        if (!kafka_partition_is_idle(k->partition[i]))
            return false;
    return true;
}

static void step_all(struct kafkaget *k, int64_t now)
{
    /* Not always the same one first: several wait for a turn. */
    static size_t first;
    first++;
    for (size_t i = 0; i < k->count; i++)
        kafka_partition_step(k->partition[(first + i) % k->count], now);
}

static int64_t next_due(const struct kafkaget *k, int64_t now)
{
    int64_t due = now + LONGEST_WAIT;
    bool free_turn =
        k->work.command == NULL ? k->work.writing == NULL : k->work.running < k->work.parallel;
    for (size_t i = 0; i < k->count; i++) {
        const struct kafka_partition *p = k->partition[i];
        if (p->due < due)
            due = p->due;
        if (p->phase == KAFKA_READY && free_turn && p->unfit.count == 0 && p->committed >= p->done)
            due = now;
    }
    if (!k->committing && k->commit_at < due && k->commit_at > now)
        due = k->commit_at;
    return due;
}

static void wait_for_something(struct kafkaget *k, int64_t due)
{
    int64_t now = clock_now();
    int milliseconds = due > now ? (int)((due - now + 999) / 1000) : 0;
    k->poll[0] = (struct pollfd){k->stopping ? -1 : interrupt_fd(), POLLIN, 0};
    k->poll[1] = (struct pollfd){k->client.event, POLLIN, 0};
    k->poll[2] = (struct pollfd){
        k->work.rejects.producer.handle != NULL ? k->work.rejects.producer.event : -1, POLLIN, 0};
    k->poll[3] = (struct pollfd){k->work.full ? STDOUT_FILENO : -1, POLLOUT, 0};
    for (size_t i = 0; i < k->count; i++) {
        const struct kafka_partition *p = k->partition[i];
        bool running = p->phase == KAFKA_RUNNING;
        struct pollfd *polled = &k->poll[FIXED + PER_PARTITION * i];
        polled[0] = (struct pollfd){running ? p->run.exited : -1, POLLIN, 0};
        polled[1] = (struct pollfd){running ? p->run.messages : -1, POLLIN, 0};
    }
    size_t count = FIXED + PER_PARTITION * k->count;
    if (poll(k->poll, count, milliseconds) < 0)
        for (size_t i = 0; i < count; i++)
            k->poll[i].revents = 0;
    now = clock_now();
    if (k->poll[3].revents != 0)
        k->work.full = false;
    for (size_t i = 0; i < k->count; i++) {
        const struct pollfd *polled = &k->poll[FIXED + PER_PARTITION * i];
        if (polled[1].revents != 0)
            kafka_partition_messages(k->partition[i]);
        if (polled[0].revents != 0)
            kafka_partition_ended(k->partition[i], now);
    }
}

static void turn(struct kafkaget *k)
{
    int64_t now = clock_now();
    take_events(k, now);
    kafka_rejects_run(&k->work.rejects);
    step_all(k, now);
    end_revoke(k);
    free_removed(k, false);
    begin_commit(k, now);
    if (interrupt_asked() != NULL || k->work.broken || is_done(k, now))
        stop(k, now);
    if (k->stopping && !k->signalled && (now >= k->drain_until || k->work.broken))
        stop_commands(k);
    if (k->stopping && !is_busy(k))
        return;
    wait_for_something(k, next_due(k, now));
}

/* --- Beginning and end --- */

static bool subscribe(struct kafkaget *k)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, k->options->kafka.topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_poll_set_consumer(k->client.handle);
    k->queue = rd_kafka_queue_get_consumer(k->client.handle);
    kafka_client_watch(&k->client, k->queue);
    rd_kafka_resp_err_t error = rd_kafka_subscribe(k->client.handle, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
        return true;
    diag_fail("topic %s: %s", k->options->kafka.topic, rd_kafka_err2str(error));
    return false;
}

static bool open_consumer(struct kafkaget *k)
{
    const struct kafka_property defaults[] = {
        {"client.id", "audit-kafkaget"},
        {"auto.offset.reset", "earliest"},
        {"partition.assignment.strategy", "cooperative-sticky"},
        {"queued.max.messages.kbytes", "16384"}, /* for each partition */
        {"socket.keepalive.enable", "true"},
        {NULL, NULL},
    };
    const struct kafka_property fixed[] = {
        {"enable.auto.commit", "false"},
        {"auto.commit.enable", NULL},
        {"enable.auto.offset.store", "false"},
        {"enable.partition.eof", "true"},
        {NULL, NULL},
    };
    const struct kafka_property given[] = {{"group.id", k->options->group}, {NULL, NULL}};
    rd_kafka_conf_t *conf = kafka_config(&k->options->kafka, defaults, fixed, given);
    if (conf == NULL)
        return false;
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_ERROR |
                                       RD_KAFKA_EVENT_LOG | RD_KAFKA_EVENT_OFFSET_COMMIT);
    k->client.verbose = k->options->verbose;
    return kafka_client_open(&k->client, RD_KAFKA_CONSUMER, conf) && subscribe(k);
}

static void set_up_work(struct kafkaget *k)
{
    const struct kafkaget_options *options = k->options;
    struct stat is;
    bool known = fstat(STDOUT_FILENO, &is) == 0;
    k->work = (struct kafka_work){
        .command = options->command,
        .topic = options->kafka.topic,
        .batch_bytes = options->batch_bytes,
        .batch_wait = options->batch_wait,
        .backoff = options->backoff,
        .parallel = options->parallel,
        .follow = options->follow,
        .verbose = options->verbose,
        .pipe = known && S_ISFIFO(is.st_mode),
        .regular = known && S_ISREG(is.st_mode),
        .rejects = {.file = options->rejects,
                    .topic = options->dead_letter,
                    .append.fd = -1,
                    .producer = {.event = -1, .verbose = options->verbose}},
        .flood.all = options->verbose,
    };
    if (k->work.pipe && options->command == NULL)
        pipe_grow(STDOUT_FILENO);
}

/* Without --follow a signal that leaves work undone is not a success. */
static void tell_stopped(const struct kafkaget *k)
{
    bool left = !k->assigned;
    for (size_t i = 0; i < k->count; i++)
        left = left || (!k->partition[i]->lost && !kafka_partition_is_done(k->partition[i]));
    if (interrupt_asked() == NULL || k->options->follow || k->work.broken || !left)
        return;
    diag_warn("stopped by %s; what is left stays in the topic", interrupt_asked());
    diag_raise(STATUS_REJECTED);
}

static void leave(struct kafkaget *k)
{
    if (k->client.handle == NULL)
        return;
    tell_stopped(k);
    if (k->assigned)
        commit_now(k, false);
    while (k->count > 0)
        remove_partition(k, k->count - 1);
    if (k->revoked != NULL)
        rd_kafka_topic_partition_list_destroy(k->revoked);
    if (k->queue != NULL) {
        rd_kafka_queue_destroy(k->queue);
        rd_kafka_consumer_close(k->client.handle);
    }
    kafka_client_close(&k->client);
}

void kafkaget_run(const struct kafkaget_options *options)
{
    static struct kafkaget k;
    k = (struct kafkaget){.options = options, .client = {.event = -1}};
    command_note_inherited(); /* librdkafka's pipes are not closed by execve(2) */
    set_up_work(&k);
    interrupt_begin();
    if (interrupt_fd() < 0 || !make_room(&k)) {
        diag_fail("%s", strerror(errno));
    } else if (open_consumer(&k) && kafka_rejects_begin(&k.work.rejects, &options->kafka)) {
        while (!k.stopping || is_busy(&k))
            turn(&k);
    }
    leave(&k);
    kafka_rejects_end(&k.work.rejects);
    free_removed(&k, true);
    flood_end(&k.work.flood);
    free(k.partition);
    free(k.poll);
}
