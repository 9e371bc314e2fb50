#include "config.h"

#include "base/clock.h"
#include "filter/record.h"
#include "kafka/kafka_partition.h"
#include "spool/filelines.h"

#include <cjson/cJSON.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    TAKE = 256,   /* messages in one read */
    TURN = 16,    /* … and reads in one step */
    BLOCK = 4096, /* bytes that a ready pipe, socket or terminal accepts without blocking */
};

void kafka_partition_begin(struct kafka_partition *p, struct kafka_work *work, int32_t number,
                           rd_kafka_queue_t *queue)
{
    *p = (struct kafka_partition){
        .work = work,
        .number = number,
        .queue = queue,
        .done = -1,
        .committed = -1,
        .receipts = -1,
        .backoff = {.longest = work->backoff},
    };
    kafka_batch_begin(&p->batch);
}

/* Nothing can continue: a full disk, no memory. */
static void give_up(struct kafka_partition *p, const char *why)
{
    if (!p->work->broken)
        diag_fail("%s", why);
    p->work->broken = true;
}

static void enter(struct kafka_partition *p, enum kafka_phase phase, int64_t due)
{
    p->phase = phase;
    p->due = due;
}

static void end(struct kafka_partition *p)
{
    enter(p, KAFKA_ENDED, INT64_MAX);
}

/* --- Messages --- */

static void reject_message(struct kafka_partition *p, const rd_kafka_message_t *message,
                           const char *why)
{
    struct reason reason;
    const struct kafka_reject reject = {
        .line = {message->payload, message->len},
        .value = {message->payload, message->len},
        .key = {message->key, message->key_len},
        .reason = why,
        .topic = p->work->topic,
        .partition = p->number,
        .offset = message->offset,
    };
    enum flood_turn turn = flood_note(&p->work->flood, why);
    if (turn != FLOOD_COUNT || p->work->verbose)
        diag_warn("%s: partition %d, offset %lld: %s%s", p->work->topic, (int)p->number,
                  (long long)message->offset, why,
                  turn == FLOOD_TELL_LAST ? " (more like this are only counted)" : "");
    if (!p->work->follow)
        diag_raise(STATUS_REJECTED);
    if (!kafka_rejects_add(&p->work->rejects, &reject, &p->unfit, &reason))
        give_up(p, reason.text);
}

void kafka_partition_take(struct kafka_partition *p, const rd_kafka_message_t *message, int64_t now)
{
    struct reason reason;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        p->at_end = true;
        return;
    }
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        diag_warn("%s: partition %d: %s", p->work->topic, (int)p->number,
                  rd_kafka_message_errstr(message));
        return;
    }
    p->at_end = false;
    if (p->batch.lines == 0)
        p->first_at = now;
    switch (kafka_batch_add(&p->batch, message, &p->work->json, &reason)) {
    case KAFKA_ADDED:
        break;
    case KAFKA_UNFIT:
        reject_message(p, message, reason.text);
        break;
    case KAFKA_NO_ROOM:
        give_up(p, reason.text);
        break;
    }
}

static bool is_full(const struct kafka_partition *p)
{
    return p->batch.bytes >= p->work->batch_bytes;
}

/* How many messages to take at once: not many more than the batch has room for. */
static size_t fitting(const struct kafka_partition *p)
{
    enum { GUESS = 4096 };
    size_t average = p->batch.lines > 0 ? p->batch.bytes / p->batch.lines : GUESS;
    size_t count = (p->work->batch_bytes - p->batch.bytes) / (average + 1) + 1;
    return count < TAKE ? count : TAKE;
}

/* Whether messages may be taken.  If too many cannot become lines, they are written first, so that
 * their offsets can be committed. */
static bool may_take(struct kafka_partition *p)
{
    bool full = kafka_rejects_is_full(&p->work->rejects);
    p->held = p->unfit.count > 0 && (full || p->held);
    return !full && !p->held && !is_full(p) && !p->work->broken;
}

/* Takes the messages that have arrived.  True: there may be more. */
static bool take_messages(struct kafka_partition *p, int64_t now)
{
    static rd_kafka_message_t *message[TAKE];
    for (int turn = 0; turn < TURN; turn++) {
        if (!may_take(p))
            return false;
        size_t most = fitting(p);
        ssize_t count = rd_kafka_consume_batch_queue(p->queue, 0, message, most);
        for (ssize_t i = 0; i < count; i++) {
            if (!p->work->broken)
                kafka_partition_take(p, message[i], now);
            rd_kafka_message_destroy(message[i]);
        }
        if (count < (ssize_t)most)
            return false;
    }
    return !is_full(p);
}

static void fill(struct kafka_partition *p, int64_t now)
{
    bool more = take_messages(p, now);
    int64_t due = p->first_at + p->work->batch_wait;
    if (p->batch.lines == 0) {
        /* Only messages that cannot become lines. */
        if (p->batch.next >= 0 && p->unfit.count == 0)
            p->done = p->batch.next;
        due = INT64_MAX;
    } else if (is_full(p) || now >= due || (p->at_end && !p->work->follow)) {
        enter(p, KAFKA_READY, now);
        return;
    }
    p->due = more ? now : due;
}

/* --- Success and failure --- */

static void tell_works_again(struct kafka_partition *p)
{
    struct kafka_work *work = p->work;
    if (!p->failing)
        return;
    p->failing = false;
    if (--work->failing == 0)
        diag_warn("topic %s: delivery works again, after %.1f s", work->topic,
                  (double)(clock_now() - work->failing_since) / (double)CLOCK_SECOND);
}

static void succeed(struct kafka_partition *p, int64_t now)
{
    tell_works_again(p);
    backoff_reset(&p->backoff);
    enter(p, p->batch.lines > 0 ? KAFKA_READY : KAFKA_FILLING, now);
    if (p->leaving)
        end(p);
}

static void tell_failure(struct kafka_partition *p)
{
    struct kafka_work *work = p->work;
    if (!work->follow) {
        diag_warn("topic %s, partition %d: not delivered: %s; what is left stays in the topic",
                  work->topic, (int)p->number, p->why.text);
        diag_raise(STATUS_REJECTED);
        return;
    }
    if (work->failing == 0) {
        work->failing_since = clock_now();
        diag_warn("topic %s, partition %d: delivery fails: %s; trying again", work->topic,
                  (int)p->number, p->why.text);
    }
    if (!p->failing)
        work->failing++;
    p->failing = true;
}

static void fail(struct kafka_partition *p, int64_t now, bool progress)
{
    if (p->leaving) {
        /* With --follow it is another worker's, or a later run's. */
        if (!p->lost && !p->work->follow)
            tell_failure(p);
        end(p);
        return;
    }
    if (progress)
        backoff_reset(&p->backoff);
    tell_failure(p);
    if (p->work->follow)
        enter(p, KAFKA_WAITING, now + backoff_failure(&p->backoff, jitter_bits(&p->jitter)));
    else
        end(p);
}

/* The whole batch is done. */
static void complete(struct kafka_partition *p, int64_t now)
{
    p->done = p->batch.next;
    kafka_batch_end(&p->batch);
    succeed(p, now);
}

/* --- The command --- */

/* The receipts are a file in memory, too, which the command opens under this name. */
static bool make_receipts(struct kafka_partition *p, char *name, size_t size)
{
    p->receipts = memfd_create("receipts", MFD_CLOEXEC);
    if (p->receipts < 0)
        return reason_set(&p->why, "receipts: %s", strerror(errno));
    snprintf(name, size, "/proc/%ld/fd/%d", (long)getpid(), p->receipts);
    return true;
}

static void close_receipts(struct kafka_partition *p)
{
    if (p->receipts >= 0)
        close(p->receipts);
    p->receipts = -1;
}

static void start(struct kafka_partition *p, int64_t now)
{
    char receipts[64];
    if (!make_receipts(p, receipts, sizeof receipts) || !kafka_batch_finish(&p->batch, &p->why)) {
        close_receipts(p);
        fail(p, now, false);
        return;
    }
    const struct command command = {
        .argument = p->work->command,
        .input = p->batch.file,
        .inherited = -1,
        .receipts = receipts,
    };
    if (!command_start(&p->run, &command, &p->why)) {
        if (!p->work->follow)
            diag_raise(STATUS_FAILED);
        close_receipts(p);
        fail(p, now, false);
        return;
    }
    p->work->running++;
    enter(p, KAFKA_RUNNING, INT64_MAX);
}

void kafka_partition_messages(struct kafka_partition *p)
{
    command_messages(&p->run, p->work->verbose || !p->failing);
}

/* The reason in the receipt of a rejected line, for the caller to free; NULL: none. */
static char *reason_of(const struct kafka_partition *p, size_t line)
{
    const struct receipt_mark *mark = acknowledge_rejection(&p->acknowledgement, line + 1);
    char *text = acknowledge_text(mark, p->receipts);
    if (text == NULL)
        return NULL;
    cJSON *receipt = cJSON_ParseWithLength(text, mark->length);
    const char *reason = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(receipt, "reason"));
    char *copy = reason != NULL ? strdup(reason) : NULL;
    cJSON_Delete(receipt);
    free(text);
    return copy;
}

/* Moves one line that the command has rejected to the rejects. */
static bool reject_line(struct kafka_partition *p, size_t line, struct span text)
{
    struct reason ignored;
    struct record record = {.text = text};
    char *why = p->work->rejects.topic != NULL ? reason_of(p, line) : NULL;
    struct kafka_reject reject = {
        .line = text,
        .value = text,
        .key = kafka_batch_key(&p->batch, line),
        .reason = why != NULL ? why : "rejected by the command",
        .topic = p->work->topic,
        .partition = p->number,
        .offset = p->batch.entry[line].offset,
    };
    if (record_split(&p->work->json, &record, &ignored) && record.name.at != NULL) {
        reject.path = record.name;
        reject.value = record.body;
    }
    bool added = kafka_rejects_add(&p->work->rejects, &reject, &p->pending, &p->why);
    free(record.decoded);
    free(why);
    return added;
}

/* The same for all of them. */
static bool reject_lines(struct kafka_partition *p)
{
    struct filelines lines;
    struct span text;
    bool good = true;
    if (p->acknowledgement.rejected == 0)
        return true;
    filelines_begin(&lines, p->batch.file);
    for (size_t i = 0; good && i < p->batch.lines && filelines_next(&lines, false, &text); i++)
        if (p->acknowledgement.verdict[i] == LINE_REJECTED)
            good = reject_line(p, i, text);
    if (good && lines.error != 0)
        good = reason_set(&p->why, "a batch in memory: %s", strerror(lines.error));
    filelines_end(&lines);
    return good;
}

static void tell_rejected(const struct kafka_partition *p)
{
    size_t rejected = p->acknowledgement.rejected;
    const struct kafka_rejects *rejects = &p->work->rejects;
    if (rejected == 0)
        return;
    diag_warn("topic %s, partition %d: %zu %s rejected; see %s%s", p->work->topic, (int)p->number,
              rejected, rejected == 1 ? "line was" : "lines were",
              rejects->file == NULL ? "topic " : "",
              rejects->file == NULL ? rejects->topic : rejects->file);
    if (!p->work->follow)
        diag_raise(STATUS_REJECTED);
}

/* Lines that were not confirmed in a successful run are given to the command once more. */
static void tell_unconfirmed(struct kafka_partition *p)
{
    struct reason reason;
    if (p->work->told_unconfirmed)
        return;
    acknowledge_unconfirmed(&p->acknowledgement, "the topic", "audit-kafkaget", &reason);
    diag_warn("topic %s, partition %d: %s", p->work->topic, (int)p->number, reason.text);
    p->work->told_unconfirmed = true;
}

/* Rejected lines could not be written to the rejects: they stay. */
static void keep_rejected(struct kafka_partition *p)
{
    struct acknowledgement *a = &p->acknowledgement;
    for (size_t i = 0; i < p->batch.lines; i++)
        if (a->verdict[i] == LINE_REJECTED)
            a->verdict[i] = LINE_STAYS;
    a->stays += a->rejected;
    a->rejected = 0;
}

/* The results of the command's run are complete: removes what is done. */
static void conclude(struct kafka_partition *p, int64_t now)
{
    struct acknowledgement *a = &p->acknowledgement;
    struct kafka_batch rest;
    bool kept = !p->pending.failed;
    if (!kept) {
        reason_set(&p->why, "%.400s", p->pending.why.text);
        keep_rejected(p);
    }
    p->pending.failed = false;
    tell_rejected(p);
    bool progress = a->done + a->rejected > 0, succeeded = kept && p->end == COMMAND_SUCCEEDED;
    size_t stays = a->stays;
    if (succeeded && stays > 0 && progress)
        tell_unconfirmed(p);
    if (stays > 0 && progress) {
        if (kafka_batch_rest(&p->batch, a->verdict, &rest, &p->why)) {
            kafka_batch_end(&p->batch);
            p->batch = rest;
            p->done = kafka_batch_first(&p->batch);
        } else {
            succeeded = false;
        }
    }
    acknowledge_end(a);
    close_receipts(p);
    if (stays == 0) {
        complete(p, now);
    } else if (succeeded && progress) {
        succeed(p, now);
    } else {
        if (succeeded)
            reason_set(&p->why,
                       "the command ended with status 0, but its receipts call %zu %s undelivered",
                       stays, stays == 1 ? "line" : "lines");
        fail(p, now, progress);
    }
}

/* Compares the receipts with the batch. */
static bool judge(struct kafka_partition *p)
{
    struct acknowledgement *a = &p->acknowledgement;
    struct stat is;
    bool written = fstat(p->receipts, &is) != 0 || is.st_size > 0;
    if (written && !acknowledge_file(a, p->batch.file, p->batch.lines, p->receipts, &p->why))
        return false;
    if (!written) {
        *a = (struct acknowledgement){.verdict = calloc(p->batch.lines + 1, 1),
                                      .stays = p->batch.lines};
        if (a->verdict == NULL)
            return reason_set(&p->why, "%s", strerror(ENOMEM));
    }
    if (p->end == COMMAND_SUCCEEDED)
        acknowledge_success(a, p->batch.lines);
    return true;
}

void kafka_partition_ended(struct kafka_partition *p, int64_t now)
{
    p->end = command_finish(&p->run, p->work->verbose || !p->failing, &p->why);
    p->work->running--;
    if (p->lost) {
        close_receipts(p);
        end(p);
        return;
    }
    if (!judge(p)) {
        close_receipts(p);
        fail(p, now, false);
        return;
    }
    if (!reject_lines(p)) {
        p->pending.failed = true;
        p->pending.why = p->why;
    }
    enter(p, KAFKA_SETTLING, INT64_MAX);
    kafka_partition_step(p, now);
}

/* --- Standard output --- */

static bool can_write(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) > 0;
}

/* Writes as much as possible without blocking.  -1 with errno set: EAGAIN, or an error. */
static ssize_t write_some(struct kafka_partition *p, size_t left)
{
    char block[16 * BLOCK];
    off_t at = (off_t)p->written;
    if (p->work->pipe)
        return splice(p->batch.file, &at, STDOUT_FILENO, NULL, left, SPLICE_F_NONBLOCK);
    size_t most = p->work->regular ? sizeof block : BLOCK;
    if (!p->work->regular && !can_write()) {
        errno = EAGAIN;
        return -1;
    }
    ssize_t n = pread(p->batch.file, block, left < most ? left : most, at);
    return n > 0 ? write(STDOUT_FILENO, block, (size_t)n) : n;
}

/* Writes what standard output accepts now. */
static void write_lines(struct kafka_partition *p, int64_t now)
{
    size_t bytes = p->batch.bytes;
    struct stat is;
    if (fstat(p->batch.file, &is) == 0)
        bytes = (size_t)is.st_size;
    while ((size_t)p->written < bytes) {
        ssize_t n = write_some(p, bytes - (size_t)p->written);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            p->work->full = true;
            return;
        }
        if (n < 0) {
            struct reason why;
            reason_set(&why, "standard output: %s", strerror(errno));
            give_up(p, why.text);
            return;
        }
        p->written += n;
    }
    p->work->writing = NULL;
    complete(p, now);
}

static void start_writing(struct kafka_partition *p, int64_t now)
{
    if (!kafka_batch_finish(&p->batch, &p->why)) {
        give_up(p, p->why.text);
        return;
    }
    p->work->writing = p;
    p->written = 0;
    enter(p, KAFKA_WRITING, INT64_MAX);
    write_lines(p, now);
}

/* --- Steps --- */

/* Whether its turn has come.  Earlier rejects are safe then, and earlier offsets are committed, so
 * that at most one batch is delivered twice. */
static bool may_start(const struct kafka_partition *p)
{
    const struct kafka_work *work = p->work;
    if (p->unfit.count > 0 || p->committed < p->done)
        return false;
    if (work->command == NULL)
        return work->writing == NULL;
    return work->running < work->parallel;
}

void kafka_partition_step(struct kafka_partition *p, int64_t now)
{
    if (p->unfit.failed)
        give_up(p, p->unfit.why.text);
    if (p->work->broken)
        return;
    if (p->phase == KAFKA_WAITING && now >= p->due)
        enter(p, KAFKA_READY, now);
    if (p->phase == KAFKA_FILLING)
        fill(p, now);
    if (p->phase == KAFKA_SETTLING && p->pending.count == 0)
        conclude(p, now);
    if (p->phase == KAFKA_WRITING && !p->work->full)
        write_lines(p, now);
    if (p->phase != KAFKA_READY)
        return;
    /* It is checked again when another one has ended. */
    p->due = INT64_MAX;
    if (!may_start(p))
        return;
    if (p->work->command == NULL)
        start_writing(p, now);
    else
        start(p, now);
}

void kafka_partition_leave(struct kafka_partition *p, bool lost)
{
    p->leaving = true;
    if (lost && p->phase == KAFKA_RUNNING && !p->lost)
        command_signal(&p->run, SIGTERM);
    p->lost |= lost;
    if (p->phase != KAFKA_RUNNING && p->phase != KAFKA_SETTLING && p->phase != KAFKA_WRITING)
        end(p);
}

bool kafka_partition_is_done(const struct kafka_partition *p)
{
    return p->at_end && p->batch.lines == 0 && p->unfit.count == 0;
}

bool kafka_partition_is_idle(const struct kafka_partition *p)
{
    return p->phase == KAFKA_ENDED || (p->phase == KAFKA_FILLING && kafka_partition_is_done(p));
}

void kafka_partition_end(struct kafka_partition *p)
{
    if (p->failing)
        p->work->failing--;
    if (p->work->writing == p)
        p->work->writing = NULL;
    if (p->receipts >= 0)
        acknowledge_end(&p->acknowledgement);
    close_receipts(p);
    kafka_batch_end(&p->batch);
    rd_kafka_queue_destroy(p->queue);
}
