#include "config.h"

#include "deliver/attempt.h"

#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 10 }; /* of successes, after which one request more may go on at once */

/* xorshift64*: good enough to keep clients from trying again in step. */
uint32_t deliver_random(struct deliver *d)
{
    d->random ^= d->random >> 12;
    d->random ^= d->random << 25;
    d->random ^= d->random >> 27;
    return (uint32_t)(d->random * 0x2545f4914f6cdd1dULL >> 32);
}

struct request *attempt_new(struct deliver *d)
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

void attempt_stop(struct deliver *d)
{
    if (d->stopping)
        return;
    d->stopping = true;
    d->drain_until = d->now + d->options->drain;
    d->unread |= queue_unread(&d->queue);
    queue_stop(&d->queue);
}

/* For a message: up to where the input was read, if not to its end; else nothing. */
const char *attempt_read_up_to(struct deliver *d, struct reason *where)
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
void attempt_drop_rest(struct deliver *d)
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
    struct request *rest = attempt_new(d);
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
    struct request *request = attempt_new(d);
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
void attempt_stop_for(struct deliver *d, const char *why)
{
    struct reason where;
    if (d->stopping)
        return;
    attempt_stop(d);
    diag_fail("%s: %s; nothing more is sent%s", d->service->name, why,
              attempt_read_up_to(d, &where));
}

static void misconfigured(struct deliver *d, struct request *request, const char *why)
{
    attempt_stop_for(d, why);
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

static void show(struct deliver *d, struct request *request)
{
    if (!d->service->show(d->service->context, request, &d->filter->out))
        d->filter->stop = true;
    http_give(&d->http, request->transfer);
    settle_all(d, request, OUTCOME_DELIVERED, NULL);
    d->ledger.unflushed = true;
}

/* False: there is no memory, and nothing can be sent. */
bool attempt_begin(struct deliver *d, struct request *request)
{
    struct reason reason;
    struct http_transfer *transfer = http_take(&d->http);
    if (transfer == NULL) {
        diag_fail("no memory left for another request");
        attempt_stop(d);
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

void attempt_break_off(struct deliver *d)
{
    for (struct request *request; (request = d->flying) != NULL;) {
        land(d, request);
        http_cancel(&d->http, request->transfer);
        settle_all(d, request, OUTCOME_UNDELIVERED, NULL);
    }
}
