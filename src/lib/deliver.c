#define _GNU_SOURCE
#include "deliver.h"
#include "interrupt.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

enum {
    LEAST_WINDOW = 4 * 1024 * 1024, /* bytes of lines that are read ahead */
    ROUNDS = 10, /* of successes, after which a service that was too slow gets one request more */
};

#define RETRY_BASE  (100 * RETRY_MS)
#define RETRY_CAP   (30 * RETRY_SECOND)
#define FLUSH_EVERY (100 * RETRY_MS)

struct retry_policy deliver_policy(const struct deliver_options *options)
{
    return (struct retry_policy){RETRY_BASE, RETRY_CAP, options->retry_for};
}

/* xorshift64*: good enough to keep clients from trying again in step. */
uint32_t deliver_random(struct deliver *d)
{
    d->random ^= d->random >> 12;
    d->random ^= d->random << 25;
    d->random ^= d->random >> 27;
    return (uint32_t)(d->random * 0x2545f4914f6cdd1dULL >> 32);
}

static struct request *request_new(struct deliver *d)
{
    struct request *request = d->unused;
    if (request != NULL)
        d->unused = request->next;
    else if ((request = malloc(sizeof *request)) == NULL)
        return NULL;
    *request = (struct request){.deliver = d};
    return request;
}

static void request_drop(struct deliver *d, struct request *request)
{
    request->next = d->unused;
    d->unused = request;
}

static void stop(struct deliver *d)
{
    if (d->stopping)
        return;
    d->stopping = true;
    d->drain_until = d->now + d->options->drain;
    d->unread |= queue_unread(&d->queue);
    queue_stop(&d->queue);
}

/* For a message: up to where the input was read, if not to its end; else nothing. */
static const char *read_up_to(struct deliver *d, struct reason *where)
{
    where->text[0] = '\0';
    if (d->unread)
        reason_set(where, "; %s was read up to line %zu", d->queue.input->name, d->queue.line);
    return where->text;
}

/* Every entry of the request has the same outcome; the request is done with. */
static void settle_all(struct deliver *d, struct request *request, enum outcome outcome,
                       const char *why)
{
    struct ledger_line line = {
        .outcome = outcome,
        .status = request->status,
        .attempts = request->attempts,
        .now = d->now,
        .why = why,
        .etag = request->etag,
    };
    for (struct entry *entry; (entry = entries_take(&request->entries)) != NULL;)
        ledger_settle(&d->ledger, entry, &line);
    request_drop(d, request);
}

/* Says once for all the request's lines that they were not delivered. */
static void name_undelivered(const struct request *request, const char *why)
{
    const struct record *first = &request->entries.first->record;
    const struct record *last = &request->entries.last->record;
    if (request->entries.count == 1)
        diag_warn("%s:%zu: not delivered (attempts: %u): %s", first->source, first->line,
                  request->attempts, why);
    else
        diag_warn("%s:%zu to %s:%zu: %zu lines not delivered (attempts: %u): %s", first->source,
                  first->line, last->source, last->line, request->entries.count, request->attempts,
                  why);
}

/* Settles lines that no request was begun for, or will be. */
static void drop_fresh(struct deliver *d)
{
    const struct ledger_line line = {.outcome = OUTCOME_UNDELIVERED, .now = d->now};
    for (struct entry *entry; (entry = entries_take(&d->fresh)) != NULL;)
        ledger_settle(&d->ledger, entry, &line);
    d->fresh_size = 0;
}

/* The rest that was read is given up, without a message for each. */
static void drop_rest(struct deliver *d)
{
    for (struct request *request; (request = d->again) != NULL;) {
        d->again = request->next;
        settle_all(d, request, OUTCOME_UNDELIVERED, NULL);
    }
    for (struct request *request; (request = schedule_take(&d->waiting)) != NULL;)
        settle_all(d, request, OUTCOME_UNDELIVERED, NULL);
    drop_fresh(d);
}

static void land(struct deliver *d, struct request *request)
{
    if (request->previous != NULL)
        request->previous->next = request->next;
    else
        d->flying = request->next;
    if (request->next != NULL)
        request->next->previous = request->previous;
    d->flying_count--;
}

static void send_again(struct deliver *d, struct request *request)
{
    request->next = d->again;
    d->again = request;
}

/* Half of the request's lines, the later ones, in a request of their own. */
static struct request *split(struct deliver *d, struct request *request)
{
    struct request *rest = request_new(d);
    if (rest == NULL)
        return NULL;
    struct entries all = request->entries;
    request->entries = (struct entries){0};
    request->size = 0;
    for (size_t half = all.count / 2; request->entries.count < half;) {
        struct entry *entry = entries_take(&all);
        entries_add(&request->entries, entry);
        request->size += entry->size;
    }
    for (struct entry *entry; (entry = entries_take(&all)) != NULL;) {
        entries_add(&rest->entries, entry);
        rest->size += entry->size;
    }
    return rest;
}

static void halve(struct deliver *d, struct request *request, const char *why)
{
    struct request *rest = request->entries.count > 1 ? split(d, request) : NULL;
    if (rest == NULL) {
        settle_all(d, request, OUTCOME_REJECTED, why);
        return;
    }
    rest->status = request->status;
    send_again(d, rest);
    send_again(d, request);
}

/* Everybody waits, and half as many go on afterwards; `least` is what the service has asked for, 0
 * if nothing.  Requests that were under way when it was last decided only confirm it. */
static void slow_down(struct deliver *d, const struct request *request, int64_t least)
{
    int64_t wait = 0;
    if (request->last_attempt >= d->slowed_at) {
        d->slow_downs++;
        d->slowed_at = d->now;
        d->at_once = (d->at_once + 1) / 2;
        d->taken = 0;
        wait = retry_wait(&d->policy, d->slow_downs, deliver_random(d));
    }
    if (wait < least)
        wait = least;
    if (wait > d->policy.budget)
        wait = d->policy.budget;
    if (d->not_before < d->now + wait)
        d->not_before = d->now + wait;
}

static void give_up(struct deliver *d, struct request *request, const char *why)
{
    if (!d->stopping)
        name_undelivered(request, why);
    settle_all(d, request, OUTCOME_UNDELIVERED, NULL);
}

static int64_t deadline_of(const struct deliver *d, const struct request *request)
{
    return retry_deadline(&d->policy, request->entries.first->read_at, request->first_attempt,
                          d->failing);
}

/* Of the requests that wait, gives up those whose time is over. */
static void give_up_waiting(struct deliver *d, const char *why)
{
    struct schedule all = d->waiting;
    d->waiting = (struct schedule){0};
    for (struct request *request; (request = schedule_take(&all)) != NULL;)
        if (d->now >= deadline_of(d, request) || !schedule_add(&d->waiting, request->due, request))
            give_up(d, request, why);
    schedule_free(&all);
}

/* In an outage, gives up what has waited through it for as long as an event may. */
static void give_up_old(struct deliver *d, const char *why)
{
    if (d->failing == 0 || d->now < d->failing + d->policy.budget)
        return;
    give_up_waiting(d, why);
    struct request old = {.deliver = d};
    for (struct entry *entry; (entry = d->fresh.first) != NULL;) {
        if (d->now < retry_deadline(&d->policy, entry->read_at, d->now, d->failing))
            break;
        d->fresh_size -= entry->size;
        entries_add(&old.entries, entries_take(&d->fresh));
    }
    if (old.entries.count == 0)
        return;
    struct request *request = request_new(d);
    if (request == NULL)
        return;
    *request = old;
    give_up(d, request, why);
}

static void try_later(struct deliver *d, struct request *request, enum retry_kind kind,
                      int64_t asked, const char *why)
{
    if (d->failing == 0)
        d->failing = d->now;
    if (kind != RETRY_LATER)
        slow_down(d, request, asked);
    int64_t deadline = deadline_of(d, request);
    int64_t due = d->now + retry_wait(&d->policy, request->attempts, deliver_random(d));
    if (due > deadline)
        due = deadline;
    if (due < d->now + asked)
        due = d->now + asked;
    bool late = d->now >= deadline || due > deadline;
    request->due = due;
    if (late || d->stopping || !schedule_add(&d->waiting, due, request)) {
        give_up(d, request, why);
        give_up_old(d, why);
        return;
    }
    if (d->queue.held > d->queue.window / 2)
        for (struct entry *entry = request->entries.first; entry != NULL; entry = entry->next)
            queue_detach(&d->queue, entry);
}

static void note_success(struct deliver *d)
{
    d->delivered = true;
    d->failing = 0;
    d->slow_downs = 0;
    if (d->at_once < d->options->parallel && ++d->taken >= ROUNDS * d->at_once) {
        d->at_once++;
        d->taken = 0;
    }
}

/* Stops with the one message that says why. */
static void stop_for(struct deliver *d, const char *why)
{
    struct reason where;
    if (d->stopping)
        return;
    stop(d);
    diag_fail("%s: %s; nothing more is sent%s", d->service->name, why, read_up_to(d, &where));
}

static void misconfigured(struct deliver *d, struct request *request, const char *why)
{
    stop_for(d, why);
    settle_all(d, request, OUTCOME_UNDELIVERED, NULL);
}

void deliver_settle(struct request *request, struct entry *entry, enum outcome outcome,
                    const char *reason)
{
    entry->judged = true;
    entry->outcome = outcome;
    if (outcome == OUTCOME_DELIVERED || outcome == OUTCOME_EXISTS)
        note_success(request->deliver);
    if (outcome == OUTCOME_REJECTED)
        filter_name(request->deliver->filter, &entry->record, reason);
}

struct http *deliver_http(struct deliver *deliver)
{
    return &deliver->http;
}

/* Settles the entries whose outcome the answer has told one by one. */
static void settle_judged(struct deliver *d, struct request *request)
{
    struct entries all = request->entries;
    request->entries = (struct entries){0};
    request->size = 0;
    for (struct entry *entry; (entry = entries_take(&all)) != NULL;) {
        if (!entry->judged) {
            entries_add(&request->entries, entry);
            request->size += entry->size;
            continue;
        }
        struct ledger_line line = {
            .outcome = (enum outcome)entry->outcome,
            .status = request->status,
            .attempts = request->attempts,
            .now = d->now,
        };
        ledger_settle(&d->ledger, entry, &line);
    }
}

static void follow(struct deliver *d, struct request *request, enum answer answer, int64_t asked,
                   const char *why)
{
    switch (answer) {
    case ANSWER_DELIVERED:
    case ANSWER_EXISTS:
        note_success(d);
        settle_all(d, request, answer == ANSWER_EXISTS ? OUTCOME_EXISTS : OUTCOME_DELIVERED, NULL);
        break;
    case ANSWER_RETRY:
        try_later(d, request, RETRY_LATER, asked, why);
        break;
    case ANSWER_SLOW_DOWN:
        try_later(d, request, RETRY_SLOW_DOWN, asked, why);
        break;
    case ANSWER_AGAIN:
        send_again(d, request);
        break;
    case ANSWER_REFUSED:
        if (!d->delivered) {
            misconfigured(d, request, why);
            break;
        }
        /* fall through */
    case ANSWER_TOO_LARGE:
    case ANSWER_BAD:
        halve(d, request, why);
        break;
    case ANSWER_REJECTED:
        settle_all(d, request, OUTCOME_REJECTED, why);
        break;
    case ANSWER_MISCONFIGURED:
        misconfigured(d, request, why);
        break;
    }
}

/* An attempt that failed before an answer came. */
static void failed(struct deliver *d, struct request *request, const struct http_reply *reply)
{
    struct reason reason;
    enum retry_kind kind = retry_transfer(reply->code, d->answered);
    reason.text[0] = '\0';
    reason_append(&reason, span_of(reply->error));
    if (reply->code == CURLE_PEER_FAILED_VERIFICATION && d->options->cacert == NULL)
        reason_append(&reason, SPAN("; --cacert=FILE names another authority to trust"));
    if (kind == RETRY_HOPELESS)
        misconfigured(d, request, reason.text);
    else
        try_later(d, request, kind, 0, reason.text);
}

static void answered(void *context, struct http_transfer *transfer, const struct http_reply *reply)
{
    struct request *request = context;
    struct deliver *d = request->deliver;
    struct reason reason = {""};
    int64_t asked = 0;
    d->now = receipts_clock();
    land(d, request);
    request->status = reply->status;
    request->etag = NULL;
    if (reply->code != CURLE_OK) {
        failed(d, request, reply);
        http_give(&d->http, transfer);
        return;
    }
    d->answered = true;
    enum answer answer = d->service->judge(d->service->context, request, reply, &reason);
    if (answer == ANSWER_RETRY || answer == ANSWER_SLOW_DOWN) {
        const char *after = http_reply_header(reply, "Retry-After");
        asked = after != NULL ? retry_after(after, time(NULL)) : 0;
        if (asked < 0)
            asked = 0;
    }
    http_give(&d->http, transfer);
    if (request->entries.count > 1 || request->entries.first->judged)
        settle_judged(d, request);
    if (request->entries.count > 0)
        follow(d, request, answer, asked, reason.text);
    else
        request_drop(d, request);
}

/* Whether the fresh lines should go out now, rather than wait for more. */
static bool batch_is_ready(struct deliver *d)
{
    const struct service *service = d->service;
    size_t full = service->batch_bytes;
    return d->fresh.count >= service->batch_events ||
           (full > 0 && d->fresh_size + service->batch_overhead >= full) || d->queue.at_end ||
           queue_full(&d->queue) || d->now - d->fresh.first->read_at >= service->batch_wait;
}

static struct request *batch(struct deliver *d)
{
    const struct service *service = d->service;
    if (d->fresh.count == 0 || !batch_is_ready(d))
        return NULL;
    struct request *request = request_new(d);
    if (request == NULL) {
        diag_fail("no memory left for another request");
        stop(d);
        return NULL;
    }
    do {
        struct entry *entry = d->fresh.first;
        size_t size = service->batch_overhead + request->size + entry->size;
        if (request->entries.count > 0 && service->batch_bytes > 0 && size > service->batch_bytes)
            break;
        entries_take(&d->fresh);
        entries_add(&request->entries, entry);
        request->size += entry->size;
    } while (d->fresh.count > 0 && request->entries.count < service->batch_events);
    d->fresh_size -= request->size;
    return request;
}

/* With one request at a time the order is kept: the one that waits is the next. */
static bool in_turn(const struct deliver *d)
{
    return d->options->parallel == 1 && d->waiting.count > 0;
}

/* The request to begin next, NULL if there is none now. */
static struct request *next_request(struct deliver *d)
{
    struct request *request = d->again;
    if (in_turn(d) && schedule_due(&d->waiting) > d->now)
        return NULL;
    if (schedule_due(&d->waiting) <= d->now)
        return schedule_take(&d->waiting);
    if (request != NULL) {
        d->again = request->next;
        return request;
    }
    return batch(d);
}

static void show(struct deliver *d, struct request *request)
{
    if (!d->service->show(d->service->context, request, &d->filter->out))
        d->filter->stop = true;
    http_give(&d->http, request->transfer);
    settle_all(d, request, OUTCOME_DELIVERED, NULL);
    d->ledger.unflushed = true;
}

/* False: there is no memory, and nothing can be sent. */
static bool begin_request(struct deliver *d, struct request *request)
{
    struct reason reason;
    struct http_transfer *transfer = http_take(&d->http);
    if (transfer == NULL) {
        diag_fail("no memory left for another request");
        stop(d);
        settle_all(d, request, OUTCOME_UNDELIVERED, NULL);
        return false;
    }
    request->transfer = transfer;
    request->attempts++;
    request->last_attempt = d->now;
    if (request->first_attempt == 0)
        request->first_attempt = d->now;
    if (!d->service->prepare(d->service->context, request, &reason)) {
        http_give(&d->http, transfer);
        settle_all(d, request, OUTCOME_REJECTED, reason.text);
        return true;
    }
    if (d->options->dry_run) {
        show(d, request);
        return true;
    }
    if (!http_start(&d->http, transfer, answered, request)) {
        http_give(&d->http, transfer);
        try_later(d, request, RETRY_LATER, 0, "no memory left");
        return false;
    }
    request->previous = NULL;
    request->next = d->flying;
    if (d->flying != NULL)
        d->flying->previous = request;
    d->flying = request;
    d->flying_count++;
    return true;
}

static bool is_ready(struct deliver *d, int64_t *wake_at)
{
    struct service *service = d->service;
    struct reason reason;
    if (service->ready == NULL || d->options->dry_run)
        return true;
    switch (service->ready(service->context, d, d->now, wake_at, &reason)) {
    case READY_NOW:
        return true;
    case READY_LATER:
        return false;
    default:
        stop_for(d, reason.text);
        return false;
    }
}

/* Begins as many requests as may be; *wake_at is lowered to when it should be tried again. */
static bool begin_requests(struct deliver *d, int64_t *wake_at)
{
    struct request *request;
    bool begun = false;
    while (!d->stopping && !d->filter->stop && d->flying_count < d->at_once &&
           d->now >= d->not_before && is_ready(d, wake_at) && (request = next_request(d)) != NULL)
        begun |= begin_request(d, request);
    return begun;
}

static void reject_line(struct deliver *d, struct entry *entry, const char *why)
{
    const struct ledger_line line = {.outcome = OUTCOME_REJECTED, .now = d->now, .why = why};
    ledger_settle(&d->ledger, entry, &line);
}

static void take_line(struct deliver *d, struct entry *entry)
{
    struct reason reason;
    ledger_read(&d->ledger, entry);
    if (entry->record.too_long) {
        reason_set(&reason, "the record is larger than %zu bytes (--max-record)", d->queue.limit);
        reject_line(d, entry, reason.text);
        ledger_unhold(&d->ledger);
    } else if (!d->stopping && !d->service->accept(d->service->context, entry, &reason)) {
        reject_line(d, entry, reason.text);
    } else {
        entries_add(&d->fresh, entry);
        d->fresh_size += entry->size;
    }
}

/* --fail-fast, at a line that cannot be sent: what stands before it still is, and what follows it
 * counts as not read. */
static void close_input(struct deliver *d)
{
    queue_stop(&d->queue);
    queue_discard(&d->queue);
    d->filter->stop = false;
    d->closing = d->unread = true;
}

static void take_lines(struct deliver *d)
{
    for (struct entry *entry; (entry = queue_next(&d->queue, d->now)) != NULL;) {
        take_line(d, entry);
        if (d->filter->stop && d->filter->fail_fast && diag_exit_status() != STATUS_FAILED)
            close_input(d);
        else if (d->filter->stop)
            stop(d);
    }
}

/* Signals, and the end of patience with what is in flight. */
static void look_up(struct deliver *d)
{
    if (d->filter->stop)
        stop(d);
    if (interrupt_asked() != NULL && !d->interrupted) {
        d->interrupted = true;
        d->wake = -1;
        stop(d);
    }
    if (!d->stopping)
        return;
    take_lines(d);
    ledger_unhold(&d->ledger);
    drop_rest(d);
    while (d->now >= d->drain_until && d->flying != NULL) {
        struct request *request = d->flying;
        land(d, request);
        http_cancel(&d->http, request->transfer);
        settle_all(d, request, OUTCOME_UNDELIVERED, NULL);
    }
}

static bool is_finished(const struct deliver *d)
{
    return d->queue.at_end && d->fresh.count == 0 && d->again == NULL && d->waiting.count == 0 &&
           d->flying_count == 0;
}

static void draw(struct deliver *d)
{
    const struct progress_counts counts = {
        .delivered = d->ledger.delivered,
        .rejected = d->ledger.rejected,
        .undelivered = d->ledger.undelivered,
        .in_flight = d->flying_count,
        .retrying = d->waiting.count,
    };
    if (is_finished(d))
        progress_end(&d->progress, d->now, &counts);
    else
        progress_draw(&d->progress, d->now, &counts);
}

static void earlier(int64_t *wake_at, int64_t time)
{
    if (time < *wake_at)
        *wake_at = time;
}

/* When the loop has something to do although nothing happens. */
static int64_t next_moment(struct deliver *d, int64_t wake_at)
{
    int64_t send_at = INT64_MAX;
    if (d->stopping && (d->fresh.count > 0 || d->again != NULL || d->waiting.count > 0))
        return d->now;
    earlier(&send_at, schedule_due(&d->waiting));
    if (d->again != NULL && !in_turn(d))
        send_at = d->now;
    if (d->fresh.count > 0 && !in_turn(d))
        earlier(&send_at,
                batch_is_ready(d) ? d->now : d->fresh.first->read_at + d->service->batch_wait);
    if (send_at < d->not_before)
        send_at = d->not_before;
    if (d->flying_count < d->at_once && !d->stopping && wake_at == INT64_MAX)
        earlier(&wake_at, send_at);
    if (d->stopping && d->flying_count > 0)
        earlier(&wake_at, d->drain_until);
    /* What was stopped in this turn: look_up() drops the rest. */
    if (d->stopping && (d->fresh.count > 0 || d->again != NULL || d->waiting.count > 0))
        wake_at = d->now;
    if (d->ledger.unflushed)
        earlier(&wake_at, d->flush_at);
    earlier(&wake_at, d->progress.next);
    return wake_at;
}

/* Output is written out before a wait for which there is no end in sight, and ten times a second.
 */
static void flush(struct deliver *d)
{
    if (d->now < d->flush_at && d->flying_count > 0)
        return;
    ledger_flush(&d->ledger);
    d->flush_at = d->now + FLUSH_EVERY;
}

static void turn(struct deliver *d)
{
    int64_t wake_at = INT64_MAX;
    begin_requests(d, &wake_at);
    if (d->http.running > 0) {
        http_run(&d->http);
        /* What the answers have made room for goes out before any wait. */
        wake_at = INT64_MAX;
        if (begin_requests(d, &wake_at))
            return;
    }
    int fd = queue_fd(&d->queue);
    if (is_finished(d))
        return;
    flush(d);
    draw(d);
    int64_t at = next_moment(d, wake_at);
    if (http_wait(&d->http, fd, d->wake, at > d->now ? at - d->now : 0))
        queue_read(&d->queue);
}

static void keep_chunk(void *context, struct span chunk)
{
    filter_keep(context, chunk);
}

/* False after a message. */
static bool open_receipts(struct deliver *d)
{
    const char *file = d->options->receipts_file;
    if (file == NULL || d->options->dry_run || out_append(&d->receipts, file))
        return true;
    diag_fail("%s: %s", file, strerror(errno));
    return false;
}

static bool begin(struct deliver *d, const struct http_options *http)
{
    struct http_options options = *http;
    options.timeout = d->options->timeout;
    options.parallel = d->options->parallel;
    options.cacert = d->options->cacert;
    interrupt_begin();
    d->wake = interrupt_fd();
    if (d->wake < 0) {
        diag_fail("no pipe for signals: %s", strerror(errno));
        return false;
    }
    if (!open_receipts(d) || !http_begin(&d->http, &options))
        return false;
    if (getrandom(&d->random, sizeof d->random, GRND_NONBLOCK) != sizeof d->random ||
        d->random == 0)
        d->random = (uint64_t)receipts_clock() | 1;
    size_t window = 2 * d->service->batch_bytes;
    queue_begin(&d->queue, &d->filter->input, d->filter->max_record,
                window > LEAST_WINDOW ? window : LEAST_WINDOW);
    d->queue.too_long = keep_chunk;
    d->queue.context = d->filter;
    ledger_begin(&d->ledger, d->filter, &d->queue, d->receipts.buffer != NULL ? &d->receipts : NULL,
                 d->options->tee);
    d->now = receipts_clock();
    progress_begin(&d->progress, d->options->progress, d->now);
    return true;
}

/* Says what a signal or --fail-fast has left undone. */
static void tell_stop(struct deliver *d)
{
    struct reason where;
    bool first_reject = d->closing || (d->filter->fail_fast && d->filter->stop);
    if (!d->interrupted && (!first_reject || diag_exit_status() == STATUS_FAILED))
        return;
    if (d->ledger.undelivered == 0 && !d->unread)
        return;
    diag_warn("stopped by %s; %zu lines that were read were not delivered%s",
              d->interrupted ? interrupt_asked() : "--fail-fast", d->ledger.undelivered,
              read_up_to(d, &where));
    if (d->interrupted && d->unread)
        diag_raise(STATUS_FAILED);
}

static void end(struct deliver *d)
{
    draw(d);
    tell_stop(d);
    ledger_flush(&d->ledger);
    filter_close_out(d->filter, &d->receipts);
    http_end(&d->http);
    queue_end(&d->queue);
    schedule_free(&d->waiting);
    for (struct request *next, *request = d->unused; request != NULL; request = next) {
        next = request->next;
        free(request);
    }
}

void deliver_run(struct filter *filter, struct service *service,
                 const struct deliver_options *options, const struct http_options *http)
{
    struct deliver d = {
        .options = options,
        .at_once = options->parallel,
        .filter = filter,
        .service = service,
        .policy = deliver_policy(options),
        .drain_until = INT64_MAX,
    };
    if (!begin(&d, http))
        return;
    do {
        d.now = receipts_clock();
        look_up(&d);
        take_lines(&d);
        turn(&d);
    } while (!is_finished(&d));
    end(&d);
}
