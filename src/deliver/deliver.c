#include "config.h"

#include "base/clock.h"
#include "base/interrupt.h"
#include "deliver/deliver.h"
#include "deliver/progress.h"
#include "deliver/skip.h"
#include "deliver/summary.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { WINDOW = 4 * 1024 * 1024 }; /* bytes of records in memory, at least */

#define FLUSH_EVERY ((int64_t)100 * 1000)

struct delivery {
    const struct deliver_options *options;
    struct filter *filter;
    struct sink *sink;
    struct reader reader;
    struct json json;
    struct skip skip;
    struct ledger ledger;
    struct progress progress;
    int64_t began, now;
    int64_t flush_at;     /* when the output is flushed at the latest */
    int64_t input_at;     /* when there was last input to read */
    size_t group_records; /* submitted since the last commit */
    size_t group_bytes;
    int64_t group_since; /* when the first of them was */
    int64_t drain_until; /* when the work under way is given up */
    int wake;            /* readable after a signal; -1 once that was handled */
    bool interrupted;    /* stopped by a signal */
    bool closing;        /* nothing more is read, because of --fail-fast */
    bool told;           /* the message why the sink stopped was written */
    bool failed;         /* output is lost, or the sink has stopped: nothing is submitted */
    bool unread;         /* a file has more lines than were read */
};

static void commit(struct delivery *d)
{
    d->group_records = d->group_bytes = 0;
    d->sink->commit(d->sink);
}

/* Stops reading.  Records that were read are still submitted, unless nothing can be delivered any
 * more or the sink would only begin their delivery now. */
static void stop(struct delivery *d)
{
    if (d->drain_until != INT64_MAX)
        return;
    d->drain_until = d->now + d->sink->drain;
    d->unread |= reader_unread(&d->reader);
    reader_stop(&d->reader);
    d->sink->stopping |= d->sink->give_up != NULL;
}

/* For a message: "; FILE was read up to line N"; "" if no line was read. */
static const char *read_up_to(const struct delivery *d, struct reason *where)
{
    where->text[0] = '\0';
    if (d->reader.source != NULL)
        reason_set(where, "; %s was read up to line %zu", d->reader.source, d->reader.line);
    return where->text;
}

/* Writes the message why the sink has stopped, once, if it has. */
static void tell_hopeless(struct delivery *d)
{
    const struct sink *sink = d->sink;
    struct reason where;
    if (!sink->hopeless || d->told)
        return;
    d->told = d->failed = true;
    if (sink->at_source != NULL)
        diag_fail("%s; stopped at %s:%zu: that line and what was read after it %s%s",
                  sink->why.text, sink->at_source, sink->at_line,
                  d->filter->rejects_file != NULL ? "went to --rejects"
                                                  : "is not stored (--rejects=FILE keeps it)",
                  d->unread ? read_up_to(d, &where) : "");
    else
        diag_fail("%s: %s; nothing more is sent%s", sink->name, sink->why.text,
                  d->unread ? read_up_to(d, &where) : "");
}

static void settle(struct delivery *d, struct record *record, enum outcome_kind kind,
                   const char *reason)
{
    const struct outcome outcome = {.kind = kind, .reason = reason};
    ledger_settle(&d->ledger, record, &outcome);
}

/* --fail-fast, at a record that cannot be submitted: the records before it are still delivered,
 * later ones count as not read. */
static void close_input(struct delivery *d)
{
    d->closing = true;
    d->unread |= reader_unread(&d->reader);
    reader_stop(&d->reader);
    d->unread |= reader_discard(&d->reader);
    d->filter->stop = false;
}

/* Whether a record was rejected that --fail-fast makes the last one. */
static bool is_first_reject(const struct delivery *d)
{
    return d->filter->stop && d->filter->fail_fast && !d->failed;
}

/* Rejects a record that is not passed to the sink.  With --fail-fast the records before it are
 * settled first, and one of them may be rejected instead. */
static void reject(struct delivery *d, struct record *record, const char *why)
{
    struct filter *filter = d->filter;
    if (filter->fail_fast && d->group_records > 0)
        commit(d);
    if (filter->fail_fast && filter->stop)
        ledger_forget(&d->ledger, record);
    else
        settle(d, record, OUTCOME_REJECTED, why);
}

/* Whether the record can be submitted; otherwise settles it. */
static bool check(struct delivery *d, struct record *record)
{
    struct reason reason;
    bool whole = reader_whole(&d->reader, record, &reason);
    /* The message why the run stopped was written already; a line that the stop cut short counts as
     * not read. */
    if (record->partial && d->failed) {
        settle(d, record, OUTCOME_UNDELIVERED, NULL);
        return false;
    }
    if (!whole || !record_split(&d->json, record, &reason)) {
        /* The parts of a line that is too long form one line in the rejects; other rejects come
         * before or after it. */
        if (record->too_long)
            filter_keep_line(d->filter, record);
        reject(d, record, reason.text);
        return false;
    }
    if (skip_has(&d->skip, record->name)) {
        settle(d, record, OUTCOME_SKIPPED, NULL);
        return false;
    }
    if (d->failed || d->sink->stopping) {
        settle(d, record, OUTCOME_UNDELIVERED, NULL);
        return false;
    }
    if (d->sink->accept(d->sink, record, &reason))
        return true;
    reject(d, record, reason.text);
    return false;
}

static void submit(struct delivery *d, struct record *record)
{
    const struct sink *sink = d->sink;
    if (d->group_records++ == 0)
        d->group_since = d->now;
    d->group_bytes += record->size;
    d->sink->submit(d->sink, record);
    if ((sink->group_records > 0 && d->group_records >= sink->group_records) ||
        (sink->group_bytes > 0 && d->group_bytes >= sink->group_bytes))
        commit(d);
}

/* Whether output could not be written. */
static bool has_lost_output(const struct delivery *d)
{
    return d->filter->out.error != 0 || d->filter->rejects.error != 0 ||
           d->ledger.receipts.error != 0;
}

/* Handles a signal, and failures of the ledger and the sink. */
static void react(struct delivery *d)
{
    bool lost = has_lost_output(d);
    if (interrupt_asked() != NULL && !d->interrupted) {
        d->interrupted = true;
        d->wake = -1;
        stop(d);
    }
    if (is_first_reject(d) && !lost && d->sink->give_up == NULL)
        close_input(d);
    else if (d->filter->stop || lost || d->sink->hopeless)
        stop(d);
    tell_hopeless(d);
    d->failed |= lost;
}

/* Submits the records that were read.  False: there is no room for more now. */
static bool submit_records(struct delivery *d, int64_t *wake_at)
{
    struct sink *sink = d->sink;
    struct record *record;
    for (;;) {
        if (!d->failed && sink->room != NULL && !sink->room(sink, wake_at))
            return false;
        if ((record = reader_next(&d->reader)) == NULL)
            return true;
        record->read_at = d->now;
        ledger_read(&d->ledger, record);
        if (check(d, record))
            submit(d, record);
        d->failed |= has_lost_output(d);
        if (is_first_reject(d))
            close_input(d);
        react(d);
    }
}

/* Commits if it is time, or lowers *wake_at to the time of the next commit. */
static void commit_due(struct delivery *d, int64_t *wake_at)
{
    const struct sink *sink = d->sink;
    int64_t due = INT64_MAX;
    if (d->group_records == 0)
        return;
    if (sink->group_time < INT64_MAX)
        due = d->group_since + sink->group_time;
    if (sink->group_idle < INT64_MAX && d->input_at + sink->group_idle < due)
        due = d->input_at + sink->group_idle;
    if (d->reader.at_end || sink->full || d->now >= due)
        commit(d);
    else if (due < *wake_at)
        *wake_at = due;
}

static bool is_finished(const struct delivery *d)
{
    return d->reader.at_end && d->ledger.pending == 0;
}

static void draw(struct delivery *d)
{
    const struct ledger *ledger = &d->ledger;
    const struct progress_counts counts = {
        .verb = ledger->count[OUTCOME_SPOOLED] > 0 ? "spooled" : "delivered",
        .successes = ledger_successes(ledger),
        .failures = ledger->count[OUTCOME_REJECTED] + ledger->count[OUTCOME_UNDELIVERED],
        .has_requests = d->sink->run != NULL,
        .under_way = d->sink->under_way,
        .retrying = d->sink->retrying,
    };
    progress_draw(&d->progress, d->now, &counts);
}

static bool can_read(int fd, int wake, int64_t timeout)
{
    struct pollfd ready[] = {{.fd = fd, .events = POLLIN}, {.fd = wake, .events = POLLIN}};
    /* Rounded up, so that the timer has expired when the wait ends. */
    int64_t wait = (timeout + 999) / 1000;
    const int64_t longest = 3600 * 1000;
    return poll(ready, 2, (int)(wait < longest ? wait : longest)) > 0 && ready[0].revents != 0;
}

/* Nothing is pending: flushes the output before a wait, and lets the sink release what it holds. */
static void rest(struct delivery *d, int fd)
{
    if (fd >= 0 && (input_pending(d->reader.input) || can_read(fd, -1, 0)))
        return;
    ledger_flush(&d->ledger);
    if (d->sink->rest != NULL)
        d->sink->rest(d->sink);
}

/* Waits until there is something to do, and reads new input. */
static void wait_and_read(struct delivery *d, bool room, int64_t wake_at)
{
    struct sink *sink = d->sink;
    int fd = room ? reader_fd(&d->reader) : -1;
    sink->full = reader_full(&d->reader);
    if (d->reader.at_end && !sink->input_ended) {
        sink->input_ended = true; /* this may give it something to do */
        return;
    }
    if (is_finished(d) || (sink->full && d->group_records > 0))
        return;
    if (d->now >= d->flush_at) {
        ledger_flush(&d->ledger);
        d->flush_at = d->now + FLUSH_EVERY;
    }
    draw(d);
    if (d->ledger.pending == 0)
        rest(d, fd);
    if (d->ledger.unflushed && d->flush_at < wake_at)
        wake_at = d->flush_at;
    if (d->progress.next < wake_at)
        wake_at = d->progress.next;
    if (d->ledger.pending > 0 && d->drain_until < wake_at)
        wake_at = d->drain_until;
    /* A compressed file may have decompressed bytes left, which its descriptor does not show. */
    bool at_hand = fd >= 0 && input_pending(d->reader.input);
    int64_t timeout = wake_at > d->now && !at_hand ? wake_at - d->now : 0;
    bool readable = sink->wait != NULL ? sink->wait(sink, fd, d->wake, timeout)
                                       : can_read(fd, d->wake, timeout);
    if (!readable && !at_hand)
        return;
    reader_fill(&d->reader);
    d->input_at = clock_now();
}

static void turn(struct delivery *d)
{
    int64_t wake_at = INT64_MAX;
    d->now = d->sink->now = clock_now();
    react(d);
    bool room = submit_records(d, &wake_at);
    commit_due(d, &wake_at);
    if (d->sink->run != NULL)
        d->sink->run(d->sink, &wake_at);
    react(d);
    if (d->sink->stopping && d->sink->give_up != NULL)
        d->sink->give_up(d->sink, d->now >= d->drain_until);
    wait_and_read(d, room, wake_at);
}

static void keep_chunk(void *context, struct span chunk)
{
    filter_keep(context, chunk);
}

/* False after a message. */
static bool read_skips(struct delivery *d)
{
    struct reason reason;
    size_t torn = 0;
    for (size_t i = 0; i < d->options->skips; i++)
        if (!skip_read(&d->skip, d->options->skip[i], &torn, &reason)) {
            diag_fail("%s", reason.text);
            return false;
        }
    if (torn > 0)
        diag_warn("--skip: %zu lines that are not receipts, or torn, were ignored", torn);
    return true;
}

static const char *receipts_file(const struct delivery *d)
{
    const char *file = d->options->receipts_file;
    if (file == NULL)
        file = getenv("AUDIT_RECEIPTS");
    return file != NULL && *file != '\0' && !d->sink->shows ? file : NULL;
}

/* The key of the program that requested the receipts through the environment. */
static void share_key(struct delivery *d)
{
    if (d->options->receipts_file == NULL && d->ledger.receipts.fd >= 0)
        ledger_share_key(&d->ledger, getenv("AUDIT_RECEIPTS_KEY"));
}

static bool is_on_terminal(bool on, bool off)
{
    return on || (!off && isatty(STDERR_FILENO) == 1);
}

/* False after a message. */
static bool begin(struct delivery *d)
{
    interrupt_begin();
    if ((d->wake = interrupt_fd()) < 0) {
        diag_fail("no pipe for signals: %s", strerror(errno));
        return false;
    }
    reader_begin(&d->reader, &d->filter->input, d->filter->max_record,
                 d->sink->window > WINDOW ? d->sink->window : WINDOW);
    d->reader.too_long = keep_chunk;
    d->reader.context = d->filter;
    if (!ledger_begin(&d->ledger, d->filter, &d->reader, receipts_file(d), d->options->tee,
                      d->sink->run == NULL) ||
        !read_skips(d))
        return false;
    share_key(d);
    if (d->ledger.receipts.fd >= 0)
        input_refuse(&d->filter->input, d->ledger.receipts.fd, "--receipts");
    d->sink->ledger = &d->ledger;
    d->sink->json = &d->json;
    d->sink->now = d->began = d->now = d->input_at = clock_now();
    progress_begin(&d->progress, is_on_terminal(d->options->progress, d->options->no_progress),
                   d->now);
    return true;
}

/* Reports what a signal or --fail-fast left undone. */
static void tell_stop(struct delivery *d)
{
    struct reason where, undelivered = {""};
    size_t count = d->ledger.count[OUTCOME_UNDELIVERED];
    bool first_reject = d->closing || (d->filter->fail_fast && d->filter->stop);
    if (d->failed || (!d->interrupted && !first_reject) ||
        (!d->interrupted && count == 0 && !d->unread))
        return;
    if (count > 0)
        reason_set(&undelivered, "; %zu lines that were read were not delivered", count);
    diag_warn("stopped by %s%s%s", d->interrupted ? interrupt_asked() : "--fail-fast",
              undelivered.text, d->unread || count == 0 ? read_up_to(d, &where) : "");
    if (d->interrupted && d->unread)
        diag_raise(STATUS_FAILED);
}

static void end(struct delivery *d)
{
    progress_end(&d->progress);
    /* The sink may have stopped at its last records, in a wait. */
    tell_hopeless(d);
    tell_stop(d);
    ledger_end(&d->ledger);
    if (d->began != 0 && is_on_terminal(d->options->summary, d->options->no_summary) &&
        !d->sink->shows)
        summary_write(&d->ledger, clock_now() - d->began);
    reader_end(&d->reader);
    skip_free(&d->skip);
}

void deliver_run(struct filter *filter, struct sink *sink, const struct deliver_options *options)
{
    static struct delivery d;
    d = (struct delivery){
        .options = options, .filter = filter, .sink = sink, .drain_until = INT64_MAX};
    if (begin(&d))
        while (!is_finished(&d))
            turn(&d);
    end(&d);
}
