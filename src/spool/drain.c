#include "config.h"

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/timestamp.h"
#include "spool/drain.h"
#include "spool/lock.h"
#include "spool/settle.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    CHECK_ORPHAN = 200 * 1000,    /* microseconds between checks whether an orphan has ended */
    CHECK_NEW = 30 * 1000 * 1000, /* the same, for segments that inotify did not report */
    JOIN_BLIND = 8 << 20,         /* bytes for a command without receipts … */
    JOIN = 256 << 20,             /* … and for one with them */
};

static bool is_alive(pid_t process)
{
    return kill(process, 0) == 0 || errno != ESRCH;
}

/* A drain that was killed while it started its command has left the lock to a child that is about
 * to run the command and closes the lock then: waits for this, at most a second. */
static enum lock_result wait_for_lock(struct drain *d, pid_t *holder)
{
    enum { TRIES = 100 };
    enum lock_result result = lock_take(d->spool.dir, "lock", &d->lock, holder);
    for (int i = 0; i < TRIES && result == LOCK_HELD && !is_alive(*holder); i++) {
        poll(NULL, 0, 10);
        result = lock_take(d->spool.dir, "lock", &d->lock, holder);
    }
    return result;
}

static bool take_lock(struct drain *d)
{
    pid_t holder = 0;
    switch (wait_for_lock(d, &holder)) {
    case LOCK_TAKEN:
        lock_say_holder(d->lock, getpid());
        return true;
    case LOCK_HELD:
        diag_fail("%s: another audit-drain (process %ld) drains it", d->spool.name, (long)holder);
        return false;
    case LOCK_FAILED:
        break;
    }
    diag_fail("%s/lock: %s", d->spool.name, strerror(errno));
    return false;
}

bool drain_open(struct drain *d, const struct drain_options *options, const char *directory)
{
    struct reason reason;
    *d = (struct drain){
        .options = options,
        .lock = -1,
        .running = -1,
        .phase = DRAIN_ORPHAN,
        .backoff = {.longest = options->backoff},
        .batch = {.input = -1, .memory = -1, .counting = -1},
        .feed = FEED,
    };
    if (!spooldir_open(&d->spool, AT_FDCWD, directory, true, &reason)) {
        diag_fail("%s", reason.text);
        return false;
    }
    if (realpath(directory, d->path) == NULL) {
        diag_fail("%s: %s", directory, strerror(errno));
        spooldir_close(&d->spool);
        return false;
    }
    snprintf(d->deliver, sizeof d->deliver, "%s/deliver", d->path);
    d->deliver_command[0] = d->deliver;
    if (take_lock(d)) {
        drain_state_read(&d->state, &d->spool);
        return true;
    }
    spooldir_close(&d->spool);
    return false;
}

void drain_close(struct drain *d)
{
    feed_end(&d->feed);
    takeout_end(&d->takeout);
    batch_end(&d->batch);
    backlog_end(&d->backlog);
    if (d->running >= 0)
        close(d->running);
    close(d->lock);
    spooldir_close(&d->spool);
}

/* With --follow the exit status is only about the drain itself: --status reports on events. */
static void raise_status(const struct drain *d, enum diag_status status)
{
    if (!d->options->follow)
        diag_raise(status);
}

static void note_name(void *context, const char *name)
{
    (void)name;
    *(bool *)context = true;
}

/* Reports work that was left undone because of a signal. */
static void tell_stopped(const struct drain *d)
{
    bool left = false;
    if (d->options->follow)
        return;
    /* A directory that cannot be read may have entries. */
    if (!spooldir_each(&d->spool, SPOOL_NEW, SPOOL_SUFFIX, note_name, &left) || left) {
        diag_warn("%s: stopped by %s; what is left stays in the spool", d->spool.name,
                  interrupt_asked());
        diag_raise(STATUS_REJECTED);
    }
}

static void end(struct drain *d)
{
    d->phase = DRAIN_ENDED;
    d->due = INT64_MAX;
    if (d->stopping)
        tell_stopped(d);
}

/* Removes the batch's acknowledged lines from the spool and discards the batch.  False with a
 * reason: it must be tried again. */
static bool settle(struct drain *d, struct acknowledgement *a, bool by_status,
                   struct reason *reason)
{
    if (!batch_count_all(&d->batch))
        return reason_set(reason, "%s/work/%s: cannot read its segments: %s", d->spool.name,
                          d->batch.id, strerror(errno));
    if (takeout_finish(&d->takeout, &d->batch, a))
        return true;
    int receipts = batch_open_receipts(&d->batch);
    if (receipts < 0 && errno != ENOENT)
        return reason_set(reason, "%s/work/%s.receipts: %s", d->spool.name, d->batch.id,
                          strerror(errno));
    bool settled = acknowledge_read(a, &d->batch, receipts, reason);
    if (settled) {
        if (by_status)
            acknowledge_success(a, d->batch.lines);
        settled = settle_batch(&d->batch, a, receipts, reason);
        if (!settled)
            acknowledge_end(a);
    }
    if (receipts >= 0)
        close(receipts);
    return settled;
}

static void tell_rejected(struct drain *d, size_t rejected)
{
    if (rejected == 0)
        return;
    diag_warn("%s: %zu %s rejected; see %s/failed, and audit-drain --retry-failed", d->spool.name,
              rejected, rejected == 1 ? "line was" : "lines were", d->spool.name);
    raise_status(d, STATUS_REJECTED);
}

/* Lines that were not confirmed in a successful run are given to the command once more. */
static void tell_unconfirmed(struct drain *d, const struct acknowledgement *a)
{
    struct reason reason;
    if (d->told_unconfirmed)
        return;
    acknowledge_unconfirmed(a, "the spool", "audit-drain", &reason);
    diag_warn("%s: %s", d->spool.name, reason.text);
    d->told_unconfirmed = true;
}

struct leftovers {
    struct drain *drain;
    bool settled;
};

/* Reads a leftover batch, and removes its lines that have receipts from the spool.  False with a
 * reason: it must be tried again. */
static bool settle_left(struct drain *d, const char *id, struct reason *reason)
{
    struct acknowledgement a;
    if (!batch_read(&d->batch, &d->spool, id))
        return errno == 0 ||
               reason_set(reason, "%s/work/%s.batch: %s", d->spool.name, id, strerror(errno));
    if (!settle(d, &a, false, reason))
        return false;
    tell_rejected(d, a.rejected);
    acknowledge_end(&a);
    return true;
}

/* Handles a batch left by a killed drain. */
static void settle_leftover(void *context, const char *name)
{
    struct leftovers *left = context;
    struct drain *d = left->drain;
    struct reason reason;
    char id[SPOOL_NAME];
    snprintf(id, sizeof id, "%.*s", (int)(strlen(name) - strlen(".batch")), name);
    if (settle_left(d, id, &reason)) {
        batch_discard(&d->batch);
        return;
    }
    diag_warn("%s", reason.text);
    left->settled = false;
    batch_end(&d->batch);
}

static void remove_work(void *context, const char *name)
{
    const struct drain *d = context;
    unlinkat(d->spool.place[SPOOL_WORK], name, 0);
}

/* Waits for a command that a killed drain has started, then settles what it has done. */
static void take_over(struct drain *d, int64_t now)
{
    pid_t holder = 0;
    struct leftovers left = {d, true};
    if (d->running < 0)
        switch (lock_take(d->spool.dir, "running", &d->running, &holder)) {
        case LOCK_TAKEN:
            break;
        case LOCK_HELD:
            if (!d->told)
                diag_warn("%s: a command that an earlier audit-drain has started (process %ld) "
                          "still runs; waiting for its end",
                          d->spool.name, (long)holder);
            d->told = true;
            d->due = now + CHECK_ORPHAN;
            return;
        case LOCK_FAILED:
            diag_fail("%s/running: %s", d->spool.name, strerror(errno));
            end(d);
            return;
        }
    d->told = false;
    if (!spooldir_each(&d->spool, SPOOL_WORK, ".batch", settle_leftover, &left)) {
        diag_warn("%s/work: %s", d->spool.name, strerror(errno));
        left.settled = false;
    }
    if (!left.settled) {
        raise_status(d, STATUS_FAILED);
        d->due = now + backoff_failure(&d->backoff, jitter_bits(&d->jitter));
        if (!d->options->follow)
            end(d);
        return;
    }
    spooldir_each(&d->spool, SPOOL_WORK, "", remove_work, d);
    spooldir_recover(&d->spool);
    backoff_reset(&d->backoff);
    d->phase = DRAIN_READY;
}

/* "2h5m", for messages. */
static const char *duration_text(int64_t seconds, char text[64])
{
    static const struct {
        int64_t size;
        char letter;
    } unit[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    size_t i = 0;
    while (i < 3 && seconds < unit[i].size)
        i++;
    int n = snprintf(text, 64, "%lld%c", (long long)(seconds / unit[i].size), unit[i].letter);
    int64_t rest = i < 3 ? seconds % unit[i].size / unit[i + 1].size : 0;
    if (rest > 0)
        snprintf(text + n, 64 - (size_t)n, "%lld%c", (long long)rest, unit[i + 1].letter);
    return text;
}

static void tell_failure(struct drain *d)
{
    char keep[64];
    if (!d->options->follow)
        diag_warn("%s: not delivered: %s; what is left stays in the spool", d->spool.name,
                  d->reason.text);
    else if (!d->told)
        diag_warn("%s: delivery fails: %s; trying again, until events are older than %s",
                  d->spool.name, d->reason.text,
                  duration_text(d->options->keep / CLOCK_SECOND, keep));
    d->told = true;
}

/* Moves lines that are too old to failed/.  True: something was moved. */
static bool give_up_old(struct drain *d)
{
    struct reason why, reason;
    char keep[64];
    size_t lines;
    duration_text(d->options->keep / CLOCK_SECOND, keep);
    reason_set(&why, "older than %s (--keep); last: %.400s", keep, d->reason.text);
    bool moved =
        settle_too_old(&d->batch, timestamp_now().seconds - d->options->keep / CLOCK_SECOND,
                       why.text, &lines, &reason);
    if (!moved)
        diag_warn("%s", reason.text);
    if (lines == 0)
        return false;
    diag_warn("%s: moved %zu %s older than %s to %s/failed; see audit-drain --retry-failed",
              d->spool.name, lines, lines == 1 ? "line" : "lines", keep, d->spool.name);
    raise_status(d, STATUS_REJECTED);
    return true;
}

static void fail(struct drain *d, int64_t now, bool progress)
{
    if (progress)
        backoff_reset(&d->backoff);
    if (d->state.since == 0)
        d->state.since = timestamp_now().seconds;
    d->state.attempts++;
    d->state.reason = d->reason;
    tell_failure(d);
    drain_state_write(&d->state, &d->spool);
    bool moved = give_up_old(d);
    batch_discard(&d->batch);
    raise_status(d, STATUS_REJECTED);
    d->phase = DRAIN_WAITING;
    d->due = moved ? now : now + backoff_failure(&d->backoff, jitter_bits(&d->jitter));
    if (!d->options->follow)
        end(d);
}

static void succeed(struct drain *d)
{
    char time[64];
    if (d->state.since != 0) {
        diag_warn("%s: delivery works again, after %s", d->spool.name,
                  duration_text(timestamp_now().seconds - d->state.since, time));
        d->state = (struct drain_state){0};
        drain_state_write(&d->state, &d->spool);
    }
    d->told = false;
    backoff_reset(&d->backoff);
    batch_discard(&d->batch);
    d->phase = DRAIN_READY;
    d->due = 0;
}

/* The command has ended, now or earlier: settles the batch, and sets the next phase. */
static void conclude(struct drain *d, int64_t now)
{
    struct acknowledgement a;
    struct reason reason;
    bool succeeded = d->end == COMMAND_SUCCEEDED;
    bool by_status = succeeded && !d->stopping && d->feed.error == 0;
    if (!settle(d, &a, by_status, &reason)) {
        if (d->phase != DRAIN_UNSETTLED)
            diag_warn("%s", reason.text);
        raise_status(d, STATUS_FAILED);
        d->phase = DRAIN_UNSETTLED;
        d->due = now + backoff_failure(&d->backoff, jitter_bits(&d->jitter));
        if (!d->options->follow || d->stopping)
            end(d);
        return;
    }
    bool progress = a.done + a.rejected > 0;
    size_t stays = a.stays;
    d->acknowledges = a.fitting > 0;
    tell_rejected(d, a.rejected);
    if (by_status && stays > 0 && progress)
        tell_unconfirmed(d, &a);
    acknowledge_end(&a);
    if (stays == 0 || (succeeded && progress)) {
        succeed(d);
    } else if (d->stopping) {
        batch_discard(&d->batch);
    } else {
        if (succeeded && d->feed.error == ENOENT)
            reason_set(&d->reason, "a segment was removed or changed while the command ran");
        else if (succeeded && d->feed.error != 0)
            reason_set(&d->reason, "a segment could not be given to the command: %s",
                       strerror(d->feed.error));
        else if (succeeded)
            reason_set(&d->reason,
                       "the command ended with status 0, but its receipts call %zu "
                       "%s undelivered",
                       stays, stays == 1 ? "line" : "lines");
        fail(d, now, progress);
    }
    if (d->stopping)
        end(d);
}

void drain_ended(struct drain *d, int64_t now)
{
    bool pass_on = d->options->verbose || d->state.since == 0;
    feed_end(&d->feed);
    d->end = command_finish(&d->run, pass_on, &d->reason);
    conclude(d, now);
}

void drain_messages(struct drain *d)
{
    command_messages(&d->run, d->options->verbose || d->state.since == 0);
}

/* The command was given all of its first segments.  If its receipts are valid so far, it can be
 * given more in the same run. */
static bool grow(struct drain *d)
{
    if (!d->may_grow || !batch_count_all(&d->batch))
        return false;
    d->may_grow = false;
    takeout_step(&d->takeout, &d->batch);
    if (d->takeout.so_far.fitting == 0 || !batch_grow(&d->batch, &d->backlog, JOIN))
        return false;
    takeout_restart(&d->takeout);
    return true;
}

void drain_feed(struct drain *d, int64_t now)
{
    feed_step(&d->feed, &d->batch, now);
    if (!feed_is_complete(&d->feed, &d->batch))
        return;
    if (grow(d))
        d->due = now;
    else
        feed_end(&d->feed);
}

/* Runs the command with the given standard input. */
static bool run_command(struct drain *d, int input, struct reason *reason)
{
    char receipts[BATCH_PATH];
    const struct command command = {
        .argument = d->options->command != NULL ? d->options->command : d->deliver_command,
        .input = input,
        .inherited = d->running,
        .receipts = receipts,
        .key = batch_key(&d->batch),
        .spool = d->path,
    };
    batch_receipts_name(&d->batch, d->path, receipts);
    if (command_start(&d->run, &command, reason))
        return true;
    if (d->options->command == NULL)
        reason_append(reason,
                      SPAN("; give a command after --, or make this file an executable one"));
    return false;
}

/* Starts the command with the batch. */
static bool start_command(struct drain *d)
{
    int input;
    d->feed = (struct feed)FEED;
    if (d->batch.input >= 0 && !d->may_grow)
        return run_command(d, d->batch.input, &d->reason);
    if (!feed_begin(&d->feed, &input))
        return reason_set(&d->reason, "no pipe for the command: %s", strerror(errno));
    bool started = run_command(d, input, &d->reason);
    close(input);
    if (!started)
        feed_end(&d->feed);
    return started;
}

static void start(struct drain *d, int64_t now)
{
    if (!batch_record(&d->batch, &d->reason)) {
        fail(d, now, false);
        return;
    }
    if (!start_command(d)) {
        raise_status(d, STATUS_FAILED);
        fail(d, now, false);
        return;
    }
    lock_say_holder(d->running, d->run.pid);
    d->phase = DRAIN_RUNNING;
    d->due = now;
}

static void take_next(struct drain *d, int64_t now)
{
    uint64_t limit = d->options->join;
    bool blind = limit == DRAIN_JOIN && !d->acknowledges;
    if (limit == DRAIN_JOIN)
        limit = blind ? JOIN_BLIND : JOIN;
    if (batch_gather(&d->batch, &d->spool, &d->backlog, limit, &d->reason)) {
        d->may_grow = blind && d->backlog.next < d->backlog.count;
        start(d, now);
        return;
    }
    if (d->reason.text[0] != '\0') {
        raise_status(d, STATUS_FAILED);
        fail(d, now, false);
    } else if (d->options->follow) {
        d->phase = DRAIN_IDLE;
        d->due = now + CHECK_NEW;
    } else {
        end(d);
    }
}

/* While the command runs, computes the MACs for its receipts, and removes what is done.  What
 * cannot be read is tried again at the command's end. */
static void work_ahead(struct drain *d, int64_t now)
{
    bool more = false;
    if (!batch_count(&d->batch, &more))
        d->due = INT64_MAX;
    else
        d->due = more ? now : now + takeout_step(&d->takeout, &d->batch);
}

void drain_step(struct drain *d, int64_t now)
{
    if (now < d->due)
        return;
    if (d->phase == DRAIN_RUNNING) {
        work_ahead(d, now);
        return;
    }
    if (d->phase == DRAIN_ORPHAN)
        take_over(d, now);
    if (d->phase == DRAIN_UNSETTLED)
        conclude(d, now);
    if (d->phase == DRAIN_IDLE)
        spooldir_recover(&d->spool);
    if (d->phase == DRAIN_IDLE || d->phase == DRAIN_WAITING)
        d->phase = DRAIN_READY;
    if (d->phase == DRAIN_READY && d->stopping)
        end(d);
    if (d->phase == DRAIN_READY)
        take_next(d, now);
    /* Another batch at once, or another check for one. */
    if (d->phase == DRAIN_READY)
        d->due = now;
}

void drain_wake(struct drain *d, int64_t now)
{
    if (d->phase == DRAIN_IDLE) {
        d->phase = DRAIN_READY;
        d->due = now;
    }
}

void drain_stop(struct drain *d, int signal_number)
{
    d->stopping = true;
    if (d->phase == DRAIN_RUNNING)
        command_signal(&d->run, signal_number);
    else
        end(d);
}
