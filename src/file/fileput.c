#include "config.h"

#include "base/interrupt.h"
#include "file/fileput.h"

#include <errno.h>
#include <stdlib.h>

enum {
    LINGER = 10,          /* milliseconds without input that end a group: less would make many */
    GROUP_TIME = 1000000, /* microseconds that a group lasts at most */
};

/* Ends the work: what is pending or still comes is undelivered. */
static void fail(struct fileput *f)
{
    f->failed = true;
    f->filter->input.stop = true;
}

/* The same, with one message: the first thing that fails brings others with it. */
static void fail_at(struct fileput *f, const struct record *at, const struct reason *reason)
{
    if (f->failed)
        return;
    diag_fail("%s; stopped at %s:%zu: that line and what was read after it %s", reason->text,
              at->source, at->line,
              f->filter->rejects_file != NULL ? "went to --rejects"
                                              : "is not stored (--rejects=FILE keeps it)");
    fail(f);
}

/* Rejects the line, for the reason given. */
static void reject(struct fileput *f, struct fileput_line *line, const char *reason)
{
    line->pending = false;
    line->receipt.outcome = OUTCOME_REJECTED;
    filter_reject(f->filter, &line->record, reason);
    f->done = f->filter->fail_fast;
}

static void set_path(const struct fileput_line *line, char path[SUBDIRS_PATH_MAX + 1])
{
    size_t len;
    struct addressed addressed = {line->receipt.path};
    addressed_path(&addressed, path, SUBDIRS_PATH_MAX + 1, &len);
}

static void place(struct fileput *f, struct fileput_line *line)
{
    char path[SUBDIRS_PATH_MAX + 1];
    struct reason reason;
    set_path(line, path);
    line->receipt.attempts = 1;
    switch (filestore_place(&f->store, (unsigned)(line - f->line), path, &reason)) {
    case FILESTORE_DONE:
        line->receipt.outcome = OUTCOME_DELIVERED;
        break;
    case FILESTORE_EXISTS:
        line->receipt.outcome = OUTCOME_EXISTS;
        break;
    case FILESTORE_REJECTED:
        reject(f, line, reason.text);
        break;
    case FILESTORE_FAILED:
        line->receipt.outcome = OUTCOME_UNDELIVERED;
        line->pending = false;
        fail_at(f, &line->record, &reason);
        break;
    }
}

/* Places what is staged, in input order, until that fails or --fail-fast ends it: the lines after
 * that are then as if they had not been read. */
static void place_all(struct fileput *f)
{
    for (size_t i = 0; i < f->count; i++) {
        struct fileput_line *line = &f->line[i];
        if (!line->staged)
            continue;
        if (!f->failed)
            place(f, line);
        else
            line->pending = false;
        if (line->receipt.outcome == OUTCOME_REJECTED && f->done)
            f->count = i + 1;
    }
}

static const struct fileput_line *first_pending(const struct fileput *f)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->line[i].pending)
            return &f->line[i];
    return NULL;
}

/* Syncs what is pending; if that fails none of it was delivered. */
static void sync_group(struct fileput *f)
{
    struct reason reason;
    const struct fileput_line *first = first_pending(f);
    if (f->sync != FILEPUT_GROUP || first == NULL || filestore_sync(&f->store, &reason))
        return;
    fail_at(f, &first->record, &reason);
    for (size_t i = 0; i < f->count; i++)
        if (f->line[i].pending) {
            f->line[i].pending = false;
            f->line[i].receipt.outcome = OUTCOME_UNDELIVERED;
        }
}

static void acknowledge(struct fileput *f, struct fileput_line *line, int64_t now)
{
    struct filter *filter = f->filter;
    switch (line->receipt.outcome) {
    case OUTCOME_DELIVERED:
    case OUTCOME_EXISTS:
        if (f->tee)
            filter_write(filter, line->record.text);
        break;
    case OUTCOME_UNDELIVERED:
        filter_keep_line(filter, &line->record);
        break;
    case OUTCOME_REJECTED:
        break;
    }
    line->receipt.microseconds = now - line->receipt.microseconds;
    if (f->receipts_file != NULL)
        receipts_write(&f->receipts, &line->receipt);
}

static bool any_staged(const struct fileput *f)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->line[i].staged)
            return true;
    return false;
}

/* A write that is lost, of --tee, --receipts or --rejects, ends the work. */
static void check_writes(struct fileput *f)
{
    filter_check_write(f->filter, &f->filter->out);
    filter_check_append(f->filter, &f->filter->rejects);
    filter_check_write(f->filter, &f->receipts);
    if (f->filter->out.error != 0 || f->filter->rejects.error != 0 || f->receipts.error != 0)
        fail(f);
}

/* Ends the group in hand: each of its lines is afterwards stored and acknowledged, or undelivered.
 */
static void complete(struct fileput *f)
{
    if (f->count == 0)
        return;
    if (any_staged(f))
        sync_group(f);
    place_all(f);
    sync_group(f);
    int64_t now = receipts_clock();
    for (size_t i = 0; i < f->count; i++)
        acknowledge(f, &f->line[i], now);
    f->count = f->used = 0;
    check_writes(f);
}

/* Finds the event and its path in the line; the path, decoded, goes to path. */
static bool read_line(struct fileput *f, struct fileput_line *line, char path[SUBDIRS_PATH_MAX + 1],
                      struct span *event, struct reason *reason)
{
    struct addressed addressed;
    struct json_value value;
    char message[JSON_MESSAGE];
    size_t len;
    if (line->record.too_long)
        return reason_set(reason, "the record is larger than %zu bytes (--max-record)",
                          f->filter->max_record);
    if (!addressed_split(&f->json, line->record.text, &addressed, &value))
        return reason_set(reason, "%s", json_error_message(json_error(&f->json), message));
    *event = value.text;
    line->receipt.bytes = event->len;
    line->receipt.path = addressed.path;
    if (addressed.path.at == NULL)
        return reason_set(reason, "the event has no path; pipe it through audit-path first");
    if (!addressed_path(&addressed, path, SUBDIRS_PATH_MAX + 1, &len))
        return reason_set(reason, "the path is longer than %d bytes, or no name can be made of it",
                          SUBDIRS_PATH_MAX);
    return filestore_may_name((struct span){path, len}, reason);
}

/* Completes the lines before this one, the last of the group: the line's new place, or NULL if it
 * is not to be touched any more. */
static struct fileput_line *complete_before(struct fileput *f, const struct fileput_line *line)
{
    struct fileput_line last = *line;
    f->count--;
    complete(f);
    if (f->done)
        return NULL;
    f->line[f->count++] = last;
    return f->line;
}

/* The line cannot be staged.  With --fail-fast the lines before it have their say first. */
static void reject_unstaged(struct fileput *f, struct fileput_line *line, const char *reason)
{
    if (f->filter->fail_fast)
        line = complete_before(f, line);
    if (line != NULL)
        reject(f, line, reason);
}

/* The line cannot be staged, and no other can. */
static void fail_unstaged(struct fileput *f, struct fileput_line *line, const struct reason *reason)
{
    line = complete_before(f, line);
    if (line != NULL)
        fail_at(f, &line->record, reason);
}

static void stage(struct fileput *f, struct fileput_line *line, const char *path, struct span event)
{
    struct reason reason;
    line->receipt.attempts = 1;
    switch (filestore_stage(&f->store, (unsigned)(line - f->line), path, event, &reason)) {
    case FILESTORE_DONE:
        line->pending = line->staged = true;
        break;
    case FILESTORE_EXISTS:
        line->pending = true;
        line->receipt.outcome = OUTCOME_EXISTS;
        break;
    case FILESTORE_REJECTED:
        reject_unstaged(f, line, reason.text);
        break;
    case FILESTORE_FAILED:
        fail_unstaged(f, line, &reason);
        break;
    }
}

/* Says what becomes of the line, or stages it, for the group to say. */
static void judge(struct fileput *f, struct fileput_line *line)
{
    char path[SUBDIRS_PATH_MAX + 1];
    struct span event;
    struct reason reason;
    if (line->record.cut) {
        if (!f->failed)
            diag_warn("%s:%zu: the line is not stored: its end had not come", line->record.source,
                      line->record.line);
    } else if (!read_line(f, line, path, &event, &reason)) {
        reject_unstaged(f, line, reason.text);
    } else if (!f->failed) {
        stage(f, line, path, event);
    }
}

/* Keeps what the group still needs of the line in a place of its own: its text, or of a rejected
 * one the path alone. */
static void copy_line(struct fileput *f, struct fileput_line *line)
{
    struct span *text = &line->record.text, *path = &line->receipt.path;
    char *to = f->buffer + f->used;
    if (line->receipt.outcome == OUTCOME_REJECTED)
        *text = path->at != NULL ? *path : (struct span){to, 0};
    memcpy(to, text->at, text->len);
    f->used += text->len;
    if (path->at != NULL)
        path->at = to + (path->at - text->at);
    text->at = to;
}

static void take(struct fileput *f, const struct record *record)
{
    int64_t now = receipts_clock();
    if (record->text.len > FILEPUT_BYTES - f->used)
        complete(f);
    if (f->count == 0)
        f->since = now;
    struct fileput_line *line = &f->line[f->count++];
    *line = (struct fileput_line){
        .record = *record,
        .receipt = {.line = record->line, .outcome = OUTCOME_UNDELIVERED, .microseconds = now},
    };
    f->last = (struct record){.source = record->source, .line = record->line};
    judge(f, line);
    if (f->done || f->failed || f->count == f->limit ||
        record->text.len > FILEPUT_BYTES - f->used || now - f->since >= GROUP_TIME)
        complete(f);
    else
        copy_line(f, line);
}

/* Before the input is waited for: the group is completed and everything flushed, unless the next
 * bytes are only just behind. */
static void before_wait(void *context)
{
    struct fileput *f = context;
    struct input *input = &f->filter->input;
    if (f->count > 0 && receipts_clock() - f->since < GROUP_TIME &&
        interrupt_wait(input->fd, LINGER))
        return;
    complete(f);
    filestore_rest(&f->store);
    filter_flush(f->filter);
    if (f->receipts_file != NULL)
        out_flush(&f->receipts);
    check_writes(f);
    if (f->done || f->failed || !interrupt_wait(input->fd, -1))
        input->stop = true;
}

/* The group comes first: its rejects must not stand inside the over-long one. */
static void too_long(void *context, struct span chunk)
{
    struct fileput *f = context;
    complete(f);
    if (!f->done)
        filter_keep(f->filter, chunk);
}

bool fileput_begin(struct fileput *f, const char *directory)
{
    struct reason reason;
    f->limit = f->sync == FILEPUT_GROUP ? FILEPUT_LINES : 1;
    f->store.sync_each = f->sync == FILEPUT_EACH;
    f->line = malloc(f->limit * sizeof *f->line);
    f->buffer = malloc(FILEPUT_BYTES);
    if (f->line == NULL || f->buffer == NULL) {
        diag_fail("%s", strerror(ENOMEM));
    } else if (f->receipts_file != NULL && !out_append(&f->receipts, f->receipts_file)) {
        diag_fail("%s: %s", f->receipts_file, strerror(errno));
    } else if (!filestore_open(&f->store, directory, &reason)) {
        diag_fail("%s", reason.text);
        filter_close_out(f->filter, &f->receipts);
    } else {
        if (f->receipts_file != NULL)
            input_refuse(&f->filter->input, f->receipts.fd, "--receipts");
        f->filter->input.before_wait = before_wait;
        f->filter->input.context = f;
        interrupt_begin();
        return true;
    }
    free(f->line);
    free(f->buffer);
    return false;
}

void fileput_lines(struct fileput *f)
{
    struct reader reader;
    const struct record *record;
    reader_begin(&reader, &f->filter->input, f->filter->max_record, 0);
    reader.too_long = too_long;
    reader.context = f;
    while ((record = reader_pull(&reader)) != NULL && !f->done) {
        take(f, record);
        if (f->done)
            break;
        if (interrupt_asked() != NULL)
            f->filter->input.stop = true;
    }
    complete(f);
    reader_end(&reader);
}

static void tell_of_interrupt(const struct fileput *f)
{
    if (interrupt_asked() == NULL || f->failed)
        return;
    if (f->last.source == NULL)
        diag_warn("stopped by %s before the first line", interrupt_asked());
    else
        diag_warn("stopped by %s after %s:%zu", interrupt_asked(), f->last.source, f->last.line);
}

void fileput_end(struct fileput *f)
{
    struct reason reason;
    if (!filestore_close(&f->store, &reason))
        diag_fail("%s", reason.text);
    tell_of_interrupt(f);
    filter_close_out(f->filter, &f->receipts);
    free(f->line);
    free(f->buffer);
}
