#include "config.h"

#include "base/interrupt.h"
#include "base/options.h"
#include "deliver/ledger.h"
#include "spool/spoolput.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

static const char *const when_full_names[] = {"wait", "fail", NULL};

const struct option_line spoolput_options[] = {
    {.name = "segment-size",
     .argument = "SIZE",
     .help = "close a segment when it has SIZE bytes (default 8MB)",
     OPTION_SIZE(struct spoolput, segment_size, 1)},
    {.name = "segment-time",
     .argument = "DURATION",
     .help = "close a segment after DURATION (default 1s)",
     OPTION_INTERVAL(struct spoolput, segment_time, 1000)},
    {.name = "max-size",
     .argument = "SIZE",
     .help = "how large the spool may become (default: no limit)",
     OPTION_SIZE(struct spoolput, max_size, 1)},
    {.name = "when-full",
     .argument = "WHAT",
     .help = "wait: read nothing more until there is room (default);\nfail: end with status 2",
     OPTION_CHOICE(struct spoolput, when_full, when_full_names)},
    {.name = NULL},
};

static struct spoolput *spoolput_of(struct sink *sink)
{
    return sink->context;
}

/* The line with its newline, which follows it in memory. */
static struct span line_of(const struct record *record)
{
    return (struct span){record->text.at, record->text.len + 1};
}

static bool accept_record(struct sink *sink, struct record *record, struct reason *reason)
{
    const struct spoolput *s = spoolput_of(sink);
    record->size = record->text.len + 1;
    if (s->max_size == 0 || record->size <= s->max_size)
        return true;
    return reason_set(reason, "the record is larger than the spool may become (--max-size)");
}

static void settle(struct spoolput *s, struct record *record, enum outcome_kind kind)
{
    const struct outcome outcome = {.kind = kind, .attempts = 1, .sent_at = record->sent_at};
    ledger_settle(s->sink.ledger, record, &outcome);
}

static void settle_group(struct spoolput *s, struct records *group, enum outcome_kind kind)
{
    for (struct record *record; (record = records_take(group)) != NULL;)
        settle(s, record, kind);
}

/* Settles the records of a segment: they are safe, or undelivered. */
static void settle_segment(struct spoolput *s, struct records *group, bool safe, const char *why)
{
    if (!safe)
        sink_stop(&s->sink, group->first, why);
    settle_group(s, group, safe ? OUTCOME_SPOOLED : OUTCOME_UNDELIVERED);
}

/* Waits for the segment that is being synced, and publishes it. */
static void finish_ready(struct spoolput *s)
{
    struct reason reason;
    if (!s->syncer.busy)
        return;
    int error = syncer_finish(&s->syncer);
    bool safe = error == 0 ? segment_commit_synced(&s->ready, &reason)
                           : segment_sync_failed(&s->ready, error, &reason);
    settle_segment(s, &s->ready_group, safe, reason.text);
}

/* Ends the current group: each of its records is then safe, or undelivered. */
static void commit_now(struct spoolput *s)
{
    struct reason reason;
    finish_ready(s);
    if (s->group.count == 0)
        return;
    bool safe = segment_commit(&s->segment, &reason);
    settle_segment(s, &s->group, safe, reason.text);
}

/* The same, but syncs the segment while further records are read. */
static void commit_behind(struct spoolput *s)
{
    struct reason reason;
    finish_ready(s);
    if (!segment_flush(&s->segment, false, &reason)) {
        settle_segment(s, &s->group, false, reason.text);
        return;
    }
    const struct segment next = s->ready;
    s->ready = s->segment;
    s->segment = next;
    s->ready_group = s->group;
    s->group = (struct records){0};
    syncer_start(&s->syncer, s->ready.fd);
}

static void commit(struct sink *sink)
{
    struct spoolput *s = spoolput_of(sink);
    if (s->segment.bytes >= s->segment_size && !sink->input_ended && !sink->hopeless)
        commit_behind(s);
    else
        commit_now(s);
}

static bool wait_for_input(struct sink *sink, int input, int wake, int64_t timeout)
{
    struct spoolput *s = spoolput_of(sink);
    struct pollfd ready[] = {
        {.fd = input, .events = POLLIN},
        {.fd = wake, .events = POLLIN},
        {.fd = s->syncer.busy ? s->syncer.done : -1, .events = POLLIN},
    };
    /* Rounded up, so that the timer has expired when the wait ends. */
    int64_t wait = (timeout + 999) / 1000;
    const int64_t longest = 3600 * 1000;
    /* A segment that was synced without a thread is ready at once. */
    if (s->syncer.busy && s->syncer.done < 0)
        wait = 0;
    int count = poll(ready, 3, (int)(wait < longest ? wait : longest));
    if (s->syncer.busy && (s->syncer.done < 0 || (count > 0 && ready[2].revents != 0)))
        finish_ready(s);
    return count > 0 && ready[0].revents != 0;
}

/* The segment could not be written: all its records are undelivered. */
static void fail(struct spoolput *s, struct record *record, const char *why)
{
    finish_ready(s);
    sink_stop(&s->sink, s->group.first != NULL ? s->group.first : record, why);
    settle_group(s, &s->group, OUTCOME_UNDELIVERED);
    settle(s, record, OUTCOME_UNDELIVERED);
}

/* Appends the record to the segment.  False with a reason: the spool has no room for it. */
static bool append(struct spoolput *s, struct record *record, struct reason *reason)
{
    switch (segment_append(&s->segment, line_of(record), reason)) {
    case SEGMENT_OK:
        records_add(&s->group, record);
        return true;
    case SEGMENT_FAILED:
        fail(s, record, reason->text);
        return true;
    case SEGMENT_FULL:
        break;
    }
    return false;
}

/* Reports that it waits, but not each time that a segment finds room. */
static void tell_full(struct spoolput *s, const char *why)
{
    const int64_t again = (int64_t)600 * 1000000;
    if (s->told_at == 0 || s->sink.now - s->told_at >= again)
        diag_warn("%s; waiting until there is room", why);
    s->told_at = s->sink.now;
}

/* The spool is full: publishes what was read, so that a drain can make room. */
static void wait_for_room(struct spoolput *s, struct record *record, const char *why)
{
    commit_now(s);
    if (s->when_full == SPOOLPUT_FAIL || s->sink.hopeless) {
        sink_stop(&s->sink, record, why);
        settle(s, record, OUTCOME_UNDELIVERED);
    } else if (interrupt_asked() != NULL) {
        settle(s, record, OUTCOME_UNDELIVERED);
    } else {
        tell_full(s, why);
        s->held = record;
    }
}

static void submit(struct sink *sink, struct record *record)
{
    struct spoolput *s = spoolput_of(sink);
    struct reason reason;
    record->sent_at = sink->now;
    if (!append(s, record, &reason))
        wait_for_room(s, record, reason.text);
}

static bool room(struct sink *sink, int64_t *wake_at)
{
    enum { CHECK = 100000 }; /* microseconds */
    struct spoolput *s = spoolput_of(sink);
    struct record *record = s->held;
    struct reason reason;
    if (record == NULL)
        return true;
    s->held = NULL;
    if (append(s, record, &reason)) {
        /* The loop counted its group before the record was held. */
        commit_now(s);
        return true;
    }
    wait_for_room(s, record, reason.text);
    if (s->held != NULL && sink->now + CHECK < *wake_at)
        *wake_at = sink->now + CHECK;
    return s->held == NULL;
}

bool spoolput_begin(struct spoolput *s, const char *directory)
{
    struct reason reason;
    s->limit = (struct spool_limit){.max = s->max_size};
    s->sink = (struct sink){
        .context = s,
        .name = directory,
        .accept = accept_record,
        .submit = submit,
        .commit = commit,
        .room = room,
        .wait = wait_for_input,
        .group_bytes = s->segment_size,
        .group_time = s->segment_time,
        .group_idle = INT64_MAX,
        /* All records of a segment are held until it is published. */
        .window = 2 * s->segment_size,
    };
    if (!spooldir_open(&s->spool, AT_FDCWD, directory, false, &reason)) {
        diag_fail("%s%s", reason.text, options_directory_hint(errno));
        return false;
    }
    spooldir_recover(&s->spool);
    segment_begin(&s->segment, &s->spool, &s->limit);
    segment_begin(&s->ready, &s->spool, &s->limit);
    s->segment.early = s->ready.early = true;
    return true;
}

void spoolput_end(struct spoolput *s)
{
    syncer_end(&s->syncer);
    segment_end(&s->segment);
    segment_end(&s->ready);
    spooldir_close(&s->spool);
}
