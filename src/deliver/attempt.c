#include "config.h"

#include "deliver/attempt.h"

#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 10 }; /* of successes, after which one request more may go on at once */

/* xorshift64*: good enough to keep clients from trying again in step. */
uint32_t sender_random(struct sender *d)
{
    d->random ^= d->random >> 12;
    d->random ^= d->random << 25;
    d->random ^= d->random >> 27;
    return (uint32_t)(d->random * 0x2545f4914f6cdd1dULL >> 32);
}

struct request *attempt_new(struct sender *d)
{
    struct request *request = d->unused;
    if (request != NULL)
        d->unused = request->next;
    else if ((request = malloc(sizeof *request)) == NULL)
        return NULL;
    *request = (struct request){.sender = d};
    return request;
}

static void request_drop(struct sender *d, struct request *request)
{
    request->next = d->unused;
    d->unused = request;
}

void attempt_stop(struct sender *d)
{
    if (d->stopping)
        return;
    d->stopping = true;
    d->drain_until = d->now + d->options->drain;
    d->unread |= reader_unread(&d->reader);
    reader_stop(&d->reader);
}

/* For a message: up to where the input was read, if not to its end; else nothing. */
const char *attempt_read_up_to(struct sender *d, struct reason *where)
{
    where->text[0] = '\0';
    if (d->unread)
        reason_set(where, "; %s was read up to line %zu", d->reader.input->name, d->reader.line);
    return where->text;
}

/* Every record of the request has the same outcome; the request is done with. */
static void settle_all(struct sender *d, struct request *request, enum outcome outcome,
                       const char *why, const char *etag)
{
    struct ledger_line line = {
        .outcome = outcome,
        .status = request->status,
        .attempts = request->attempts,
        .now = d->now,
        .why = why,
        .etag = etag,
    };
    for (struct record *record; (record = records_take(&request->records)) != NULL;)
        ledger_settle(&d->ledger, record, &line);
    request_drop(d, request);
}

/* Says once for all the request's lines that they were not delivered. */
static void name_undelivered(const struct request *request, const char *why)
{
    const struct record *first = request->records.first;
    const struct record *last = request->records.last;
    if (request->records.count == 1)
        diag_warn("%s:%zu: not delivered (attempts: %u): %s", first->source, first->line,
                  request->attempts, why);
    else
        diag_warn("%s:%zu to %s:%zu: %zu lines not delivered (attempts: %u): %s", first->source,
                  first->line, last->source, last->line, request->records.count, request->attempts,
                  why);
}

/* Settles lines that no request was begun for, or will be. */
static void drop_fresh(struct sender *d)
{
    const struct ledger_line line = {.outcome = OUTCOME_UNDELIVERED, .now = d->now};
    for (struct record *record; (record = records_take(&d->fresh)) != NULL;)
        ledger_settle(&d->ledger, record, &line);
    d->fresh_size = 0;
}

/* The rest that was read is given up, without a message for each. */
void attempt_drop_rest(struct sender *d)
{
    for (struct request *request; (request = d->again) != NULL;) {
        d->again = request->next;
        settle_all(d, request, OUTCOME_UNDELIVERED, NULL, NULL);
    }
    for (struct request *request; (request = schedule_take(&d->waiting)) != NULL;)
        settle_all(d, request, OUTCOME_UNDELIVERED, NULL, NULL);
    drop_fresh(d);
}

static void land(struct sender *d, struct request *request)
{
    if (request->previous != NULL)
        request->previous->next = request->next;
    else
        d->flying = request->next;
    if (request->next != NULL)
        request->next->previous = request->previous;
    d->flying_count--;
}

static void send_again(struct sender *d, struct request *request)
{
    request->next = d->again;
    d->again = request;
}

/* Half of the request's lines, the later ones, in a request of their own. */
static struct request *split(struct sender *d, struct request *request)
{
    struct request *rest = attempt_new(d);
    if (rest == NULL)
        return NULL;
    struct records all = request->records;
    request->records = (struct records){0};
    request->size = 0;
    for (size_t half = all.count / 2; request->records.count < half;) {
        struct record *record = records_take(&all);
        records_add(&request->records, record);
        request->size += record->size;
    }
    for (struct record *record; (record = records_take(&all)) != NULL;) {
        records_add(&rest->records, record);
        rest->size += record->size;
    }
    return rest;
}

static void halve(struct sender *d, struct request *request, const char *why)
{
    struct request *rest = request->records.count > 1 ? split(d, request) : NULL;
    if (rest == NULL) {
        settle_all(d, request, OUTCOME_REJECTED, why, NULL);
        return;
    }
    rest->status = request->status;
    send_again(d, rest);
    send_again(d, request);
}

/* Everybody waits, and half as many go on afterwards; `least` is what the service has asked for, 0
 * if nothing.  Requests that were under way when it was last decided only confirm it. */
static void slow_down(struct sender *d, const struct request *request, int64_t least)
{
    int64_t wait = 0;
    if (request->last_attempt >= d->slowed_at) {
        d->slow_downs++;
        d->slowed_at = d->now;
        d->at_once = (d->at_once + 1) / 2;
        d->taken = 0;
        wait = retry_wait(&d->policy, d->slow_downs, sender_random(d));
    }
    if (wait < least)
        wait = least;
    if (wait > d->policy.budget)
        wait = d->policy.budget;
    if (d->not_before < d->now + wait)
        d->not_before = d->now + wait;
}

static void give_up(struct sender *d, struct request *request, const char *why)
{
    if (!d->stopping)
        name_undelivered(request, why);
    settle_all(d, request, OUTCOME_UNDELIVERED, NULL, NULL);
}

static int64_t deadline_of(const struct sender *d, const struct request *request)
{
    return retry_deadline(&d->policy, request->records.first->read_at, request->first_attempt,
                          d->failing);
}

/* Of the requests that wait, gives up those whose time is over. */
static void give_up_waiting(struct sender *d, const char *why)
{
    struct schedule all = d->waiting;
    d->waiting = (struct schedule){0};
    for (struct request *request; (request = schedule_take(&all)) != NULL;)
        if (d->now >= deadline_of(d, request) || !schedule_add(&d->waiting, request->due, request))
            give_up(d, request, why);
    schedule_free(&all);
}

/* In an outage, gives up what has waited through it for as long as an event may. */
static void give_up_old(struct sender *d, const char *why)
{
    if (d->failing == 0 || d->now < d->failing + d->policy.budget)
        return;
    give_up_waiting(d, why);
    struct request old = {.sender = d};
    for (struct record *record; (record = d->fresh.first) != NULL;) {
        if (d->now < retry_deadline(&d->policy, record->read_at, d->now, d->failing))
            break;
        d->fresh_size -= record->size;
        records_add(&old.records, records_take(&d->fresh));
    }
    if (old.records.count == 0)
        return;
    struct request *request = attempt_new(d);
    if (request == NULL)
        return;
    *request = old;
    give_up(d, request, why);
}

static void try_later(struct sender *d, struct request *request, enum retry_kind kind,
                      int64_t asked, const char *why)
{
    if (d->failing == 0)
        d->failing = d->now;
    if (kind != RETRY_LATER)
        slow_down(d, request, asked);
    int64_t deadline = deadline_of(d, request);
    int64_t due = d->now + retry_wait(&d->policy, request->attempts, sender_random(d));
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
    if (d->reader.held > d->reader.window / 2)
        for (struct record *record = request->records.first; record != NULL; record = record->next)
            reader_detach(&d->reader, record);
}

static void note_success(struct sender *d)
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
void attempt_stop_for(struct sender *d, const char *why)
{
    struct reason where;
    if (d->stopping)
        return;
    attempt_stop(d);
    diag_fail("%s: %s; nothing more is sent%s", d->service->name, why,
              attempt_read_up_to(d, &where));
}

static void misconfigured(struct sender *d, struct request *request, const char *why)
{
    attempt_stop_for(d, why);
    settle_all(d, request, OUTCOME_UNDELIVERED, NULL, NULL);
}

struct http *sender_http(struct sender *deliver)
{
    return &deliver->http;
}

static enum outcome outcome_of(enum answer answer)
{
    return answer == ANSWER_EXISTS     ? OUTCOME_EXISTS
           : answer == ANSWER_REJECTED ? OUTCOME_REJECTED
                                       : OUTCOME_DELIVERED;
}

/* Settles the records whose outcome the answer has told one by one. */
static void settle_judged(struct sender *d, struct request *request,
                          const struct judgement *judgement)
{
    struct records all = request->records;
    const struct judged *judged = judgement->each;
    request->records = (struct records){0};
    request->size = 0;
    for (struct record *record; (record = records_take(&all)) != NULL; judged++) {
        if (!judged->is) {
            records_add(&request->records, record);
            request->size += record->size;
            continue;
        }
        if (judged->answer != ANSWER_REJECTED)
            note_success(d);
        struct ledger_line line = {
            .outcome = outcome_of(judged->answer),
            .status = request->status,
            .attempts = request->attempts,
            .now = d->now,
            .why = judged->reason,
        };
        ledger_settle(&d->ledger, record, &line);
    }
}

static void follow(struct sender *d, struct request *request, const struct judgement *judgement,
                   int64_t asked)
{
    const char *why = judgement->reason.text;
    switch (judgement->answer) {
    case ANSWER_DELIVERED:
    case ANSWER_EXISTS:
    case ANSWER_REPLACED:
        note_success(d);
        settle_all(d, request, outcome_of(judgement->answer), NULL, judgement->etag);
        break;
    case ANSWER_RETRY:
    case ANSWER_UNREADABLE:
        try_later(d, request, RETRY_LATER, asked, why);
        break;
    case ANSWER_SLOW_DOWN:
        try_later(d, request, RETRY_SLOW_DOWN, asked, why);
        break;
    case ANSWER_AGAIN:
    case ANSWER_WAIT:
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
        settle_all(d, request, OUTCOME_REJECTED, why, NULL);
        break;
    case ANSWER_MISCONFIGURED:
        misconfigured(d, request, why);
        break;
    }
}

/* An attempt that failed before an answer came. */
static void failed(struct sender *d, struct request *request, const struct http_reply *reply)
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
    struct sender *d = request->sender;
    struct judgement judgement;
    int64_t asked = 0;
    d->now = receipts_clock();
    land(d, request);
    request->status = reply->status;
    if (reply->code != CURLE_OK) {
        failed(d, request, reply);
        http_give(&d->http, transfer);
        return;
    }
    d->answered = true;
    judgement_begin(&judgement, request->records.count);
    d->service->judge(d->service->context, request, reply, &judgement);
    if (judgement.answer == ANSWER_RETRY || judgement.answer == ANSWER_SLOW_DOWN) {
        const char *after = http_reply_header(reply, "Retry-After");
        asked = after != NULL ? retry_after(after, time(NULL)) : 0;
        if (asked < 0)
            asked = 0;
    }
    http_give(&d->http, transfer);
    if (judgement.each != NULL)
        settle_judged(d, request, &judgement);
    if (request->records.count > 0)
        follow(d, request, &judgement, asked);
    else
        request_drop(d, request);
    judgement_end(&judgement);
}

static void show(struct sender *d, struct request *request)
{
    if (!d->service->show(d->service->context, request, &d->filter->out))
        d->filter->stop = true;
    http_give(&d->http, request->transfer);
    settle_all(d, request, OUTCOME_DELIVERED, NULL, NULL);
    d->ledger.unflushed = true;
}

/* False: there is no memory, and nothing can be sent. */
bool attempt_begin(struct sender *d, struct request *request)
{
    struct judgement judgement;
    struct http_transfer *transfer = http_take(&d->http);
    if (transfer == NULL) {
        diag_fail("no memory left for another request");
        attempt_stop(d);
        settle_all(d, request, OUTCOME_UNDELIVERED, NULL, NULL);
        return false;
    }
    request->transfer = transfer;
    request->attempts++;
    request->last_attempt = d->now;
    if (request->first_attempt == 0)
        request->first_attempt = d->now;
    judgement_begin(&judgement, request->records.count);
    if (!d->service->prepare(d->service->context, request, &judgement)) {
        http_give(&d->http, transfer);
        request->attempts--;
        follow(d, request, &judgement, 0);
        return judgement.answer != ANSWER_WAIT;
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

void attempt_break_off(struct sender *d)
{
    for (struct request *request; (request = d->flying) != NULL;) {
        land(d, request);
        http_cancel(&d->http, request->transfer);
        settle_all(d, request, OUTCOME_UNDELIVERED, NULL, NULL);
    }
}
