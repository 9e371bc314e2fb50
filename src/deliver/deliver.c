#include "config.h"

#include "base/interrupt.h"
#include "deliver/attempt.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { LEAST_WINDOW = 4 * 1024 * 1024 }; /* bytes of lines that are read ahead */

#define RETRY_BASE  (100 * RETRY_MS)
#define RETRY_CAP   (30 * RETRY_SECOND)
#define FLUSH_EVERY (100 * RETRY_MS)

struct retry_policy deliver_policy(const struct deliver_options *options)
{
    return (struct retry_policy){RETRY_BASE, RETRY_CAP, options->retry_for};
}

/* Whether the fresh lines should go out now, rather than wait for more. */
static bool batch_is_ready(struct sender *d)
{
    const struct service *service = d->service;
    size_t full = service->batch_bytes;
    return d->fresh.count >= service->batch_events ||
           (full > 0 && d->fresh_size + service->batch_overhead >= full) || d->reader.at_end ||
           reader_full(&d->reader) || d->now - d->fresh.first->read_at >= service->batch_wait;
}

/* Moves fresh records into the request, as many as fit. */
static void take_batch(struct sender *d, struct request *request)
{
    const struct service *service = d->service;
    const struct records *taken = &request->records;
    struct records others = {0};
    for (struct record *record;
         taken->count < service->batch_events && (record = d->fresh.first) != NULL;) {
        size_t size = service->batch_overhead + request->size + record->size;
        bool fits = taken->count == 0 || service->batch_bytes == 0 || size <= service->batch_bytes;
        bool joins =
            taken->count == 0 || !service->batch_by_tag || record->tag == taken->first->tag;
        if (joins && !fits)
            break;
        records_take(&d->fresh);
        records_add(joins ? &request->records : &others, record);
        request->size += joins ? record->size : 0;
    }
    records_prepend(&d->fresh, &others);
}

static struct request *batch(struct sender *d)
{
    if (d->fresh.count == 0 || !batch_is_ready(d))
        return NULL;
    struct request *request = attempt_new(d);
    if (request == NULL) {
        attempt_stop_for(d, "no memory left");
        return NULL;
    }
    take_batch(d, request);
    d->fresh_size -= request->size;
    return request;
}

/* With one request at a time the order is kept: the one that waits is the next. */
static bool in_turn(const struct sender *d)
{
    return d->options->parallel == 1 && d->waiting.count > 0;
}

/* The request to begin next, NULL if there is none now. */
static struct request *next_request(struct sender *d)
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

static bool is_ready(struct sender *d, int64_t *wake_at)
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
        attempt_stop_for(d, reason.text);
        return false;
    }
}

/* Begins as many requests as may be; *wake_at is lowered to when it should be tried again. */
static bool begin_requests(struct sender *d, int64_t *wake_at)
{
    struct request *request;
    bool begun = false;
    while (!d->stopping && !d->filter->stop && d->flying_count < d->at_once &&
           d->now >= d->not_before && is_ready(d, wake_at) && (request = next_request(d)) != NULL)
        begun |= attempt_begin(d, request);
    return begun;
}

static void reject_line(struct sender *d, struct record *record, const char *why)
{
    const struct ledger_line line = {.outcome = OUTCOME_REJECTED, .now = d->now, .why = why};
    ledger_settle(&d->ledger, record, &line);
}

static void take_line(struct sender *d, struct record *record)
{
    struct reason reason;
    ledger_read(&d->ledger, record);
    if (record->too_long) {
        reason_set(&reason, "the record is larger than %zu bytes (--max-record)", d->reader.limit);
        reject_line(d, record, reason.text);
        ledger_unhold(&d->ledger);
    } else if (!record_split(&d->json, record, &reason) ||
               (!d->stopping && !d->service->accept(d->service->context, record, &reason))) {
        reject_line(d, record, reason.text);
    } else {
        records_add(&d->fresh, record);
        d->fresh_size += record->size;
    }
}

/* --fail-fast, at a line that cannot be sent: what stands before it still is, and what follows it
 * counts as not read. */
static void close_input(struct sender *d)
{
    reader_stop(&d->reader);
    reader_discard(&d->reader);
    d->filter->stop = false;
    d->closing = d->unread = true;
}

static void take_lines(struct sender *d)
{
    for (struct record *record; (record = reader_next(&d->reader)) != NULL;) {
        record->read_at = d->now;
        take_line(d, record);
        if (d->filter->stop && d->filter->fail_fast && diag_exit_status() != STATUS_FAILED)
            close_input(d);
        else if (d->filter->stop)
            attempt_stop(d);
    }
}

/* Signals, and the end of patience with what is in flight. */
static void look_up(struct sender *d)
{
    if (d->filter->stop)
        attempt_stop(d);
    if (interrupt_asked() != NULL && !d->interrupted) {
        d->interrupted = true;
        d->wake = -1;
        attempt_stop(d);
    }
    if (!d->stopping)
        return;
    take_lines(d);
    ledger_unhold(&d->ledger);
    attempt_drop_rest(d);
    if (d->now >= d->drain_until)
        attempt_break_off(d);
}

static bool is_finished(const struct sender *d)
{
    return d->reader.at_end && d->fresh.count == 0 && d->again == NULL && d->waiting.count == 0 &&
           d->flying_count == 0;
}

static void draw(struct sender *d)
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
static int64_t next_moment(struct sender *d, int64_t wake_at)
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
    if (d->ledger.unflushed)
        earlier(&wake_at, d->flush_at);
    earlier(&wake_at, d->progress.next);
    return wake_at;
}

/* Output is written out before a wait for which there is no end in sight, and ten times a second.
 */
static void flush(struct sender *d)
{
    if (d->now < d->flush_at && d->flying_count > 0)
        return;
    ledger_flush(&d->ledger);
    d->flush_at = d->now + FLUSH_EVERY;
}

static void turn(struct sender *d)
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
    int fd = reader_fd(&d->reader);
    if (is_finished(d))
        return;
    flush(d);
    draw(d);
    int64_t at = next_moment(d, wake_at);
    bool pending = fd >= 0 && input_pending(d->reader.input);
    if (http_wait(&d->http, fd, d->wake, at > d->now && !pending ? at - d->now : 0) || pending)
        reader_fill(&d->reader);
}

static void keep_chunk(void *context, struct span chunk)
{
    filter_keep(context, chunk);
}

/* False after a message. */
static bool open_receipts(struct sender *d)
{
    const char *file = d->options->receipts_file;
    if (file == NULL || d->options->dry_run)
        return true;
    if (!out_append(&d->receipts, file)) {
        diag_fail("%s: %s", file, strerror(errno));
        return false;
    }
    input_refuse(&d->filter->input, d->receipts.fd, "--receipts");
    return true;
}

static bool begin(struct sender *d, const struct http_options *http)
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
    reader_begin(&d->reader, &d->filter->input, d->filter->max_record,
                 window > LEAST_WINDOW ? window : LEAST_WINDOW);
    d->reader.too_long = keep_chunk;
    d->reader.context = d->filter;
    ledger_begin(&d->ledger, d->filter, &d->reader,
                 d->receipts.buffer != NULL ? &d->receipts : NULL, d->options->tee);
    d->now = receipts_clock();
    bool draws = !d->options->no_progress && (d->options->progress || isatty(STDERR_FILENO) == 1);
    progress_begin(&d->progress, draws, d->now);
    return true;
}

/* Says what a signal or --fail-fast has left undone. */
static void tell_stop(struct sender *d)
{
    struct reason where;
    bool first_reject = d->closing || (d->filter->fail_fast && d->filter->stop);
    if (!d->interrupted && (!first_reject || diag_exit_status() == STATUS_FAILED))
        return;
    if (d->ledger.undelivered == 0 && !d->unread)
        return;
    diag_warn("stopped by %s; %zu lines that were read were not delivered%s",
              d->interrupted ? interrupt_asked() : "--fail-fast", d->ledger.undelivered,
              attempt_read_up_to(d, &where));
    if (d->interrupted && d->unread)
        diag_raise(STATUS_FAILED);
}

static void end(struct sender *d)
{
    draw(d);
    tell_stop(d);
    ledger_flush(&d->ledger);
    filter_close_out(d->filter, &d->receipts);
    http_end(&d->http);
    reader_end(&d->reader);
    schedule_free(&d->waiting);
    for (struct request *next, *request = d->unused; request != NULL; request = next) {
        next = request->next;
        free(request);
    }
}

void deliver_run(struct filter *filter, struct service *service,
                 const struct deliver_options *options, const struct http_options *http)
{
    struct sender d = {
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
