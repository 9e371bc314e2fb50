#include "config.h"

#include "deliver/ledger.h"
#include "file/fileput.h"

static const char *const sync_names[] = {"group", "each", "none", NULL};

const struct option_line fileput_options[] = {
    {.name = "sync",
     .argument = "WHEN",
     .help =
         "group: sync for many files at once (default);\neach: for every file; none: not at all",
     OPTION_CHOICE(struct fileput, sync, sync_names)},
    {.name = "overwrite",
     .help = "replace a file that has other content",
     OPTION_FLAG(struct fileput, store.overwrite)},
    {.name = "no-overwrite",
     .help = "reject an event whose file has other content;\nthis is the default",
     OPTION_FLAG(struct fileput, no_overwrite)},
    {.name = NULL},
};

/* The tag of a record whose content exists already: it has no slot. */
#define NO_SLOT SIZE_MAX

static struct fileput *fileput_of(struct sink *sink)
{
    return sink->context;
}

/* Copies the record's path and ends it with a NUL.  accept() has checked its length. */
static void set_path(const struct record *record, char path[SUBDIRS_PATH_MAX + 1])
{
    memcpy(path, record->name.at, record->name.len);
    path[record->name.len] = '\0';
}

static bool accept_record(struct sink *sink, struct record *record, struct reason *reason)
{
    (void)sink;
    if (record->path.at == NULL)
        return reason_set(reason, "the event has no path; pipe it through audit-path first");
    if (record->name.at == NULL)
        return reason_set(reason, "the path cannot be decoded to a file name");
    return filestore_may_name(record->name, reason);
}

static void settle(struct fileput *f, struct record *record, enum outcome_kind kind,
                   const char *reason)
{
    const struct outcome outcome = {
        .kind = kind, .reason = reason, .attempts = 1, .sent_at = record->sent_at};
    ledger_settle(f->sink.ledger, record, &outcome);
}

/* The outcome of a record of the group, kept in its `kind` until the whole group is settled. */
static enum outcome_kind kind_of(enum filestore_result result)
{
    static const enum outcome_kind kinds[] = {
        [FILESTORE_DONE] = OUTCOME_DELIVERED,     [FILESTORE_EXISTS] = OUTCOME_EXISTS,
        [FILESTORE_REPLACED] = OUTCOME_REPLACED,  [FILESTORE_REJECTED] = OUTCOME_REJECTED,
        [FILESTORE_FAILED] = OUTCOME_UNDELIVERED,
    };
    return kinds[result];
}

/* Syncs the group; if that fails none of it is delivered. */
static bool sync_group(struct fileput *f)
{
    struct reason reason;
    if (f->sync != FILEPUT_GROUP || filestore_sync(&f->store, &reason))
        return true;
    sink_stop(&f->sink, f->group.first, reason.text);
    return false;
}

/* Settles all of the group as undelivered. */
static void give_up_group(struct fileput *f)
{
    for (struct record *record; (record = records_take(&f->group)) != NULL;)
        settle(f, record, OUTCOME_UNDELIVERED, NULL);
    f->staged = 0;
}

/* Places the staged records in input order, until that fails or --fail-fast ends it; later records
 * count as not read.  Notes each record's outcome in its `kind`; a rejected one is settled at
 * once. */
static void place_all(struct fileput *f)
{
    char path[SUBDIRS_PATH_MAX + 1];
    struct reason reason;
    struct records all = f->group;
    bool stop = false;
    f->group = (struct records){0};
    for (struct record *record; (record = records_take(&all)) != NULL;) {
        enum filestore_result result = FILESTORE_EXISTS;
        if (stop) {
            ledger_forget(f->sink.ledger, record);
            continue;
        }
        if (f->sink.hopeless) {
            settle(f, record, OUTCOME_UNDELIVERED, NULL);
            continue;
        }
        if (record->tag != NO_SLOT) {
            set_path(record, path);
            result = filestore_place(&f->store, (unsigned)record->tag, path, record->body, &reason);
        }
        if (result == FILESTORE_FAILED)
            sink_stop(&f->sink, record, reason.text);
        if (result == FILESTORE_FAILED || result == FILESTORE_REJECTED) {
            settle(f, record, kind_of(result), result == FILESTORE_REJECTED ? reason.text : NULL);
            stop = result == FILESTORE_REJECTED && f->sink.ledger->filter->fail_fast;
            continue;
        }
        record->kind = (int)kind_of(result);
        records_add(&f->group, record);
    }
    f->staged = 0;
}

/* Ends the current group: each of its records is then stored and settled, or undelivered. */
static void commit(struct sink *sink)
{
    struct fileput *f = fileput_of(sink);
    if (f->group.count == 0)
        return;
    if (f->staged > 0 && !sync_group(f)) {
        give_up_group(f);
        return;
    }
    place_all(f);
    if (f->group.count == 0)
        return;
    if (!sync_group(f)) {
        give_up_group(f);
        return;
    }
    for (struct record *record; (record = records_take(&f->group)) != NULL;)
        settle(f, record, (enum outcome_kind)record->kind, NULL);
}

/* The record cannot be staged.  The records before it are settled first; with --fail-fast one of
 * them may end the run before this record. */
static void end_unstaged(struct fileput *f, struct record *record, enum filestore_result result,
                         const char *reason)
{
    const struct filter *filter = f->sink.ledger->filter;
    if (result == FILESTORE_FAILED || filter->fail_fast)
        commit(&f->sink);
    if (result == FILESTORE_FAILED)
        sink_stop(&f->sink, record, reason);
    if (filter->fail_fast && filter->stop)
        ledger_forget(f->sink.ledger, record);
    else
        settle(f, record, kind_of(result), result == FILESTORE_FAILED ? NULL : reason);
}

static void submit(struct sink *sink, struct record *record)
{
    struct fileput *f = fileput_of(sink);
    char path[SUBDIRS_PATH_MAX + 1];
    struct reason reason;
    set_path(record, path);
    record->sent_at = sink->now;
    record->tag = f->staged;
    enum filestore_result result =
        filestore_stage(&f->store, (unsigned)record->tag, path, record->body, &reason);
    if (result == FILESTORE_EXISTS)
        record->tag = NO_SLOT;
    else if (result != FILESTORE_DONE) {
        end_unstaged(f, record, result, reason.text);
        return;
    }
    f->staged += result == FILESTORE_DONE;
    records_add(&f->group, record);
}

static void rest(struct sink *sink)
{
    filestore_rest(&fileput_of(sink)->store);
}

bool fileput_begin(struct fileput *f, const char *directory)
{
    enum {
        SECOND = 1000000,
        LINGER = SECOND / 100
    }; /* a shorter wait would make many small groups */
    struct reason reason;
    bool groups = f->sync == FILEPUT_GROUP;
    f->store.sync_each = f->sync == FILEPUT_EACH;
    f->sink = (struct sink){
        .context = f,
        .name = directory,
        .accept = accept_record,
        .submit = submit,
        .commit = commit,
        .rest = rest,
        .group_records = groups ? FILEPUT_RECORDS : 1,
        .group_time = SECOND,
        .group_idle = LINGER,
    };
    if (filestore_open(&f->store, directory, &reason))
        return true;
    diag_fail("%s", reason.text);
    return false;
}

void fileput_end(struct fileput *f)
{
    struct reason reason;
    if (!filestore_close(&f->store, &reason))
        diag_fail("%s", reason.text);
}
