#include "config.h"

#include "base/clock.h"
#include "deliver/ledger.h"
#include "deliver/retry_after.h"
#include "deliver/sender.h"

#include <time.h>

enum {
    UNREADABLE_ANSWERS = 2, /* after so many unreadable responses the batch is halved */
    SUSPECTS = 10,          /* refused events after which the request is taken to be at fault */
};

#define RETRY_BASE (100 * CLOCK_MS)
#define RETRY_CAP  (30 * CLOCK_SECOND)

struct retry_policy sender_policy(const struct sender_options *options)
{
    return (struct retry_policy){RETRY_BASE, RETRY_CAP, options->retry_for};
}

struct http *sender_http(struct sender *sender)
{
    return &sender->http;
}

/* --- What becomes of a request's records --- */

/* Settles all records with the same outcome, and drops the request. */
static void settle_all(struct sender *s, struct request *request, enum outcome_kind kind,
                       const char *reason, const char *etag)
{
    const struct outcome outcome = {
        .kind = kind,
        .reason = reason,
        .status = request->status,
        .attempts = request->attempts,
        .sent_at = request->first_attempt,
        .etag = etag,
    };
    ledger_settle_all(s->sink.ledger, &request->records, &outcome);
    requests_drop(&s->pool, request);
}

/* Not delivered.  The reason is reported unless the loop reports it for all. */
static void give_up(struct sender *s, struct request *request, const char *why)
{
    settle_all(s, request, OUTCOME_UNDELIVERED, s->sink.stopping ? NULL : why, NULL);
}

/* Settles the events that were refused and kept. */
static void settle_suspects(struct sender *s, enum outcome_kind kind)
{
    const char *why = kind == OUTCOME_REJECTED ? s->suspicion.text : NULL;
    for (struct request *request; (request = s->suspects) != NULL;) {
        s->suspects = request->next;
        settle_all(s, request, kind, why, NULL);
    }
}

static void note_success(struct sender *s)
{
    settle_suspects(s, OUTCOME_REJECTED);
    s->delivered = true;
    pace_success(&s->pace);
    outage_success(&s->outage, s->sink.now);
}

static void misconfigured(struct sender *s, struct request *request, const char *why)
{
    sink_stop(&s->sink, NULL, why);
    settle_suspects(s, OUTCOME_UNDELIVERED);
    settle_all(s, request, OUTCOME_UNDELIVERED, NULL, NULL);
}

static void send_again(struct sender *s, struct request *request)
{
    request->next = s->again;
    s->again = request;
}

/* Sends the two halves; a single record is rejected. */
static void halve(struct sender *s, struct request *request, const char *why)
{
    struct request *rest = requests_split(&s->pool, request);
    if (rest == NULL) {
        settle_all(s, request, OUTCOME_REJECTED, why, NULL);
        return;
    }
    send_again(s, rest);
    send_again(s, request);
}

/* Some event of a batch is refused, or all are because of the request itself.  If nothing was ever
 * delivered, and halving leads to events that are refused for the same reason, these are kept:
 * after a number of them, the request is at fault; at the first success, they are rejected. */
static void refused(struct sender *s, struct request *request, const char *why)
{
    struct reason all;
    if (!request->halved || request->records.count > 1 || s->delivered ||
        s->sink.ledger->filter->fail_fast) {
        halve(s, request, why);
        return;
    }
    if (strcmp(s->suspicion.text, why) != 0) {
        settle_suspects(s, OUTCOME_REJECTED);
        reason_set(&s->suspicion, "%s", why);
        s->refusals = 0;
    }
    request->next = NULL;
    *(s->suspects != NULL ? &s->last_suspect->next : &s->suspects) = request;
    s->last_suspect = request;
    if (++s->refusals < SUSPECTS)
        return;
    reason_set(&all, "each of the first %u events was refused with %s", s->refusals, why);
    sink_stop(&s->sink, NULL, all.text);
    settle_suspects(s, OUTCOME_UNDELIVERED);
}

static int64_t deadline_of(const struct sender *s, const struct request *request)
{
    return retry_deadline(&s->policy, request->records.first->read_at, request->first_attempt,
                          s->outage.since);
}

/* Gives up the waiting requests whose time is over. */
static void give_up_waiting(struct sender *s, const char *why)
{
    struct schedule all = s->waiting;
    s->waiting = (struct schedule){0};
    for (struct request *request; (request = schedule_take(&all)) != NULL;)
        if (s->sink.now >= deadline_of(s, request) ||
            !schedule_add(&s->waiting, request->due, request))
            give_up(s, request, why);
    schedule_free(&all);
}

/* In an outage, gives up records that have waited as long as an event may. */
static void give_up_old(struct sender *s, const char *why)
{
    int64_t now = s->sink.now, since = s->outage.since;
    if (since == 0 || now < since + s->policy.budget)
        return;
    give_up_waiting(s, why);
    struct request *old = requests_new(&s->pool, s);
    if (old == NULL)
        return;
    for (struct record *record; (record = s->fresh.first) != NULL;) {
        if (now < retry_deadline(&s->policy, record->read_at, now, since))
            break;
        s->fresh_size -= record->size;
        requests_add(old, records_take(&s->fresh));
    }
    if (old->records.count > 0)
        give_up(s, old, why);
    else
        requests_drop(&s->pool, old);
}

/* Copies the records, so that long waits do not keep whole blocks in memory. */
static void detach(struct sender *s, struct request *request)
{
    struct reader *reader = s->sink.ledger->reader;
    if (reader->held <= reader->window / 2)
        return;
    for (struct record *record = request->records.first; record != NULL; record = record->next)
        reader_detach(reader, record);
}

/* Tries the request again after a wait of at least `asked`, which is from Retry-After. */
static void try_later(struct sender *s, struct request *request, enum pace_failure kind,
                      int64_t asked, const char *why)
{
    int64_t now = s->sink.now;
    pace_failure(&s->pace, kind, request->attempts, request->last_attempt, now, asked,
                 jitter_bits(&s->jitter));
    outage_failure(&s->outage, why, s->pace.probing && kind == PACE_NOBODY, now, s->policy.budget);
    int64_t deadline = deadline_of(s, request);
    int64_t due = now + retry_wait(&s->policy, request->attempts, jitter_bits(&s->jitter));
    if (due > deadline)
        due = deadline;
    if (due < now + asked)
        due = now + asked;
    bool late = now >= deadline || due > deadline;
    request->due = due;
    if (late || s->sink.stopping || !schedule_add(&s->waiting, due, request)) {
        give_up(s, request, why);
        give_up_old(s, why);
        return;
    }
    detach(s, request);
}

/* Retries after a response that may be different next time.  If a batch has got a 500 for half of
 * the available time, one of its events may be the cause: it is halved. */
static void retry(struct sender *s, struct request *request, int64_t asked, const char *why)
{
    bool lasting =
        request->status == 500 && s->sink.now >= request->first_attempt + s->policy.budget / 2;
    if (lasting && request->records.count > 1 && !s->sink.stopping) {
        pace_failure(&s->pace, PACE_EVENT, 1, request->last_attempt, s->sink.now, asked,
                     jitter_bits(&s->jitter));
        halve(s, request, why);
        return;
    }
    try_later(s, request, request->status == 500 ? PACE_EVENT : PACE_SLOWER, asked, why);
}

/* --- Responses --- */

static enum outcome_kind outcome_of(enum meaning meaning)
{
    switch (meaning) {
    case MEANS_EXISTS:
        return OUTCOME_EXISTS;
    case MEANS_REPLACED:
        return OUTCOME_REPLACED;
    case MEANS_REJECTED:
        return OUTCOME_REJECTED;
    default:
        return OUTCOME_DELIVERED;
    }
}

/* Settles the records whose outcomes are in the response one by one. */
static void settle_judged(struct sender *s, struct request *request,
                          const struct judgement *judgement)
{
    struct records all = request->records;
    const struct judged *judged = judgement->each;
    request->records = (struct records){0};
    request->size = 0;
    for (struct record *record; (record = records_take(&all)) != NULL; judged++) {
        if (!judged->is) {
            requests_add(request, record);
            continue;
        }
        const struct outcome outcome = {
            .kind = outcome_of(judged->meaning),
            .reason = judged->reason,
            .status = request->status,
            .attempts = request->attempts,
            .sent_at = request->first_attempt,
        };
        if (judged->meaning != MEANS_REJECTED)
            note_success(s);
        ledger_settle(s->sink.ledger, record, &outcome);
    }
}

static void follow(struct sender *s, struct request *request, const struct judgement *judgement,
                   int64_t asked)
{
    const char *why = judgement->reason.text;
    switch (judgement->meaning) {
    case MEANS_DELIVERED:
    case MEANS_EXISTS:
    case MEANS_REPLACED:
        note_success(s);
        settle_all(s, request, outcome_of(judgement->meaning), NULL, judgement->etag);
        break;
    case MEANS_RETRY:
    case MEANS_SLOW_DOWN:
        retry(s, request, asked, why);
        break;
    case MEANS_WAIT:
    case MEANS_AGAIN:
        send_again(s, request);
        break;
    case MEANS_UNREADABLE:
        if (++request->unreadable >= UNREADABLE_ANSWERS)
            halve(s, request, why);
        else
            try_later(s, request, PACE_EVENT, asked, why);
        break;
    case MEANS_REFUSED:
        if (!s->delivered) {
            misconfigured(s, request, why);
            break;
        }
        halve(s, request, why);
        break;
    case MEANS_TOO_LARGE:
        halve(s, request, why);
        break;
    case MEANS_BAD:
        refused(s, request, why);
        break;
    case MEANS_REJECTED:
        settle_all(s, request, OUTCOME_REJECTED, why, NULL);
        break;
    case MEANS_MISCONFIGURED:
        misconfigured(s, request, why);
        break;
    }
}

/* Handles an attempt that failed without a response. */
static void failed(struct sender *s, struct request *request, const struct http_response *response)
{
    struct reason reason;
    enum retry_kind kind = retry_transfer(response->code, s->answered);
    reason.text[0] = '\0';
    reason_append(&reason, span_of(response->error));
    if (response->code == CURLE_PEER_FAILED_VERIFICATION && s->options->cacert == NULL)
        reason_append(&reason, SPAN("; --cacert=FILE names another authority to trust"));
    if (kind == RETRY_HOPELESS)
        misconfigured(s, request, reason.text);
    else
        try_later(s, request, kind == RETRY_UNREACHABLE ? PACE_NOBODY : PACE_SLOWER, 0,
                  reason.text);
}

/* The wait that Retry-After asks for, if the request is tried again. */
static int64_t asked_for(const struct judgement *judgement, const struct http_response *response)
{
    if (judgement->meaning != MEANS_RETRY && judgement->meaning != MEANS_SLOW_DOWN)
        return 0;
    const char *after = http_response_header(response, "Retry-After");
    int64_t asked = after != NULL ? retry_after(after, time(NULL)) : 0;
    return asked > 0 ? asked : 0;
}

static void finished(void *context, struct http_transfer *transfer,
                     const struct http_response *response)
{
    struct request *request = context;
    struct sender *s = request->sender;
    struct judgement judgement;
    s->sink.now = clock_now();
    requests_unlink(&s->flying, request);
    s->sink.under_way--;
    request->status = response->status;
    if (response->code != CURLE_OK) {
        failed(s, request, response);
        http_give(&s->http, transfer);
        return;
    }
    s->answered = true;
    judgement_begin(&judgement, request->records.count);
    s->service->judge(s->service->context, request, response, &judgement);
    int64_t asked = asked_for(&judgement, response);
    http_give(&s->http, transfer);
    if (judgement.each != NULL)
        settle_judged(s, request, &judgement);
    if (request->records.count > 0)
        follow(s, request, &judgement, asked);
    else
        requests_drop(&s->pool, request);
    judgement_end(&judgement);
}

/* --- Sending --- */

static void show(struct sender *s, struct request *request)
{
    struct filter *filter = s->sink.ledger->filter;
    s->service->show(s->service->context, request, &filter->out);
    filter_check_write(filter, &filter->out);
    http_give(&s->http, request->transfer);
    settle_all(s, request, OUTCOME_DELIVERED, NULL, NULL);
}

static void no_memory(struct sender *s, struct request *request)
{
    sink_stop(&s->sink, NULL, "no memory left for another request");
    settle_all(s, request, OUTCOME_UNDELIVERED, NULL, NULL);
}

/* Begins the request; its response is handled from within http_run(). */
static void begin(struct sender *s, struct request *request)
{
    struct judgement judgement;
    struct http_transfer *transfer = http_take(&s->http);
    if (transfer == NULL) {
        no_memory(s, request);
        return;
    }
    request->transfer = transfer;
    judgement_begin(&judgement, request->records.count);
    if (!s->service->prepare(s->service->context, request, &judgement)) {
        http_give(&s->http, transfer);
        /* Without a request nothing is known about whether requests succeed. */
        if (judgement.meaning == MEANS_EXISTS)
            settle_all(s, request, OUTCOME_EXISTS, NULL, judgement.etag);
        else
            follow(s, request, &judgement, 0);
        return;
    }
    request->attempts++;
    request->last_attempt = s->sink.now;
    if (request->first_attempt == 0)
        request->first_attempt = s->sink.now;
    if (s->options->dry_run) {
        show(s, request);
    } else if (!http_start(&s->http, transfer, finished, request)) {
        http_give(&s->http, transfer);
        no_memory(s, request);
    } else {
        requests_link(&s->flying, request);
        s->sink.under_way++;
    }
}

/* Whether the fresh records should be sent now, rather than wait for more. */
static bool batch_is_ready(const struct sender *s)
{
    const struct service *service = s->service;
    size_t full = service->batch_bytes;
    return s->fresh.count > 0 &&
           (s->fresh.count >= service->batch_events || s->ripe > 0 || s->sink.input_ended ||
            s->sink.full || (full > 0 && s->fresh_size + service->batch_overhead >= full) ||
            s->sink.now - s->fresh.first->read_at >= service->batch_wait);
}

/* Moves fresh records into the request, as many as fit. */
static void fill_request(struct sender *s, struct request *request)
{
    const struct service *service = s->service;
    const struct records *taken = &request->records;
    struct records others = {0};
    for (struct record *record;
         taken->count < service->batch_events && (record = s->fresh.first) != NULL;) {
        size_t size = service->batch_overhead + request->size + record->size;
        bool fits = taken->count == 0 || service->batch_bytes == 0 || size <= service->batch_bytes;
        bool joins =
            taken->count == 0 || !service->batch_by_tag || record->tag == taken->first->tag;
        if (joins && !fits)
            break;
        records_take(&s->fresh);
        if (joins)
            requests_add(request, record);
        else
            records_add(&others, record);
    }
    records_prepend(&s->fresh, &others);
}

/* Makes a request from the fresh records.  NULL: no memory. */
static struct request *batch(struct sender *s)
{
    struct request *request = requests_new(&s->pool, s);
    if (request == NULL) {
        sink_stop(&s->sink, NULL, "no memory left");
        return NULL;
    }
    fill_request(s, request);
    s->fresh_size -= request->size;
    s->ripe -= s->ripe < request->records.count ? s->ripe : request->records.count;
    return request;
}

/* With one request at a time the order is kept: the request that waits is the next. */
static bool in_turn(const struct sender *s)
{
    return s->options->parallel == 1 && s->waiting.count > 0;
}

/* The request to begin next; NULL if there is none now. */
static struct request *next_request(struct sender *s)
{
    struct request *request = s->again;
    if (in_turn(s) && schedule_due(&s->waiting) > s->sink.now)
        return NULL;
    if (schedule_due(&s->waiting) <= s->sink.now)
        return schedule_take(&s->waiting);
    if (request != NULL) {
        s->again = request->next;
        return request;
    }
    return batch_is_ready(s) ? batch(s) : NULL;
}

static bool is_ready(struct sender *s, int64_t *wake_at)
{
    struct service *service = s->service;
    struct reason reason;
    if (service->ready == NULL || s->options->dry_run)
        return true;
    switch (service->ready(service->context, s, s->sink.now, wake_at, &reason)) {
    case READY_NOW:
        return true;
    case READY_LATER:
        s->held_up = true;
        return false;
    default:
        sink_stop(&s->sink, NULL, reason.text);
        return false;
    }
}

/* Begins as many requests as allowed.  True: at least one; *wake_at may be lowered. */
static bool begin_requests(struct sender *s, int64_t *wake_at)
{
    struct request *request;
    bool begun = false;
    s->held_up = false;
    while (!s->sink.stopping && !s->sink.ledger->filter->stop &&
           pace_may_send(&s->pace, s->sink.under_way, s->sink.now) && is_ready(s, wake_at) &&
           (request = next_request(s)) != NULL) {
        begin(s, request);
        begun = true;
    }
    return begun;
}

static void lower(int64_t *wake_at, int64_t time)
{
    if (time < *wake_at)
        *wake_at = time;
}

/* Lowers *wake_at to when a request can be begun without any other event. */
static void wake_for_request(const struct sender *s, int64_t *wake_at)
{
    int64_t send_at = schedule_due(&s->waiting);
    if (s->again != NULL && !in_turn(s))
        send_at = s->sink.now;
    if (s->fresh.count > 0 && !in_turn(s))
        lower(&send_at,
              batch_is_ready(s) ? s->sink.now : s->fresh.first->read_at + s->service->batch_wait);
    if (send_at < s->pace.not_before)
        send_at = s->pace.not_before;
    lower(wake_at, send_at);
}

/* --- The sink --- */

static struct sender *sender_of(struct sink *sink)
{
    return sink->context;
}

static bool accept_record(struct sink *sink, struct record *record, struct reason *reason)
{
    struct service *service = sender_of(sink)->service;
    return service->accept(service->context, record, reason);
}

static void submit(struct sink *sink, struct record *record)
{
    struct sender *s = sender_of(sink);
    records_add(&s->fresh, record);
    s->fresh_size += record->size;
}

static void commit(struct sink *sink)
{
    struct sender *s = sender_of(sink);
    s->ripe = s->fresh.count;
}

/* No request is under way that could show whether the kept events are at fault. */
static bool is_idle(const struct sender *s)
{
    return s->sink.under_way == 0 && s->again == NULL && s->waiting.count == 0 &&
           s->fresh.count == 0;
}

static void run(struct sink *sink, int64_t *wake_at)
{
    struct sender *s = sender_of(sink);
    int64_t ready_at = INT64_MAX;
    bool begun = begin_requests(s, &ready_at);
    /* If responses have made room, new requests are sent before any wait. */
    while (s->http.running > 0) {
        http_run(&s->http);
        ready_at = INT64_MAX;
        if (!begin_requests(s, &ready_at))
            break;
    }
    if (is_idle(s))
        settle_suspects(s, OUTCOME_REJECTED);
    sink->retrying = s->waiting.count;
    lower(wake_at, ready_at);
    if (begun && s->options->dry_run)
        lower(wake_at, sink->now);
    else if (ready_at == INT64_MAX && !sink->stopping && !s->held_up &&
             pace_may_send(&s->pace, sink->under_way, INT64_MAX))
        wake_for_request(s, wake_at);
}

static bool wait_for_transfers(struct sink *sink, int input, int wake, int64_t timeout)
{
    return http_wait(&sender_of(sink)->http, input, wake, timeout);
}

static void give_up_all(struct sink *sink, bool all)
{
    struct sender *s = sender_of(sink);
    settle_suspects(s, OUTCOME_REJECTED);
    for (struct request *request; (request = s->again) != NULL;) {
        s->again = request->next;
        give_up(s, request, NULL);
    }
    for (struct request *request; (request = schedule_take(&s->waiting)) != NULL;)
        give_up(s, request, NULL);
    const struct outcome undelivered = {.kind = OUTCOME_UNDELIVERED};
    ledger_settle_all(sink->ledger, &s->fresh, &undelivered);
    s->fresh_size = s->ripe = 0;
    for (struct request *request; all && (request = s->flying) != NULL;) {
        requests_unlink(&s->flying, request);
        sink->under_way--;
        http_cancel(&s->http, request->transfer);
        give_up(s, request, NULL);
    }
}

bool sender_begin(struct sender *s, struct service *service, const struct sender_options *options,
                  const struct http_options *http)
{
    struct http_options merged = *http;
    merged.timeout = options->timeout;
    merged.parallel = options->parallel;
    merged.cacert = options->cacert;
    *s = (struct sender){
        .sink =
            {
                .context = s,
                .name = service->name,
                .accept = accept_record,
                .submit = submit,
                .commit = commit,
                .run = run,
                .wait = wait_for_transfers,
                .give_up = give_up_all,
                .group_time = SINK_NO_TIME,
                .group_idle = SINK_NO_TIME,
                .window = 2 * service->batch_bytes,
                .drain = options->drain,
                .shows = options->dry_run,
            },
        .options = options,
        .service = service,
        .policy = sender_policy(options),
        .outage.name = service->name,
    };
    pace_begin(&s->pace, options->parallel, &s->policy);
    return http_begin(&s->http, &merged);
}

void sender_end(struct sender *s)
{
    http_end(&s->http);
    schedule_free(&s->waiting);
    requests_free(&s->pool);
}
