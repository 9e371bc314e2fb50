#include "config.h"

#include "base/options.h"
#include "deliver/ledger.h"
#include "spool/route.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    DESCRIPTORS = 4, /* of an open target: the directory, new/, tmp/, the segment */
    SPARE = 28,      /* descriptors for everything else */
    MOST_OPEN = 128,
    SYNC_TOGETHER = 4 /* with so many segments one sync of the file system is cheaper */
};

const struct option_line route_options[] = {
    {.name = "by",
     .argument = "KEY",
     .help = "the directory's name: customer (default), user, recipe,\n"
             "kind, or a pattern like '{user_id}-{kind}'",
     OPTION_TEXT(struct route, by)},
    {.name = "default",
     .argument = "NAME",
     .help = "the directory for events without one of their own (default\nmaster)",
     OPTION_TEXT(struct route, default_name)},
    {.name = "segment-size",
     .argument = "SIZE",
     .help = "close segments when they have SIZE bytes together (default 8MB)",
     OPTION_SIZE(struct route, segment_size, 1)},
    {.name = "segment-time",
     .argument = "DURATION",
     .help = "close segments after DURATION (default 1s)",
     OPTION_INTERVAL(struct route, segment_time, 1000)},
    {.name = NULL},
};

static struct route *route_of(struct sink *sink)
{
    return sink->context;
}

static size_t hash_of(struct span key)
{
    uint64_t hash = 14695981039346656037U;
    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ (unsigned char)key.at[i]) * 1099511628211U;
    return (size_t)(hash ^ hash >> 32);
}

/* The key's slot in the table: its own, or a free one. */
static struct route_key *find_key(struct route *r, struct span key)
{
    for (size_t at = hash_of(key);; at++) {
        struct route_key *found = &r->table[at % ROUTE_TABLE];
        if (found->key == NULL || span_equal(span_of(found->key), key))
            return found;
    }
}

/* No target: not yet, or none that can be used. */
#define ROUTE_NONE SIZE_MAX

enum presence { PRESENT, ABSENT, UNUSABLE };

/* Whether ROOT/NAME is a directory. */
static enum presence find_directory(const struct route *r, const char *name, struct reason *reason)
{
    struct stat is;
    struct printable shown;
    diag_printable(span_of(name), &shown);
    if (fstatat(r->root, name, &is, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT)
            return ABSENT;
        reason_set(reason, "%s/%s: %s", r->root_name, shown.text, strerror(errno));
        return UNUSABLE;
    }
    if (S_ISDIR(is.st_mode))
        return PRESENT;
    reason_set(reason, "%s/%s: is %s", r->root_name, shown.text,
               S_ISLNK(is.st_mode) ? "a symbolic link, which is not followed" : "not a directory");
    return UNUSABLE;
}

/* A new target of that name; ROUTE_NONE: no memory. */
static size_t add_target(struct route *r, const char *name)
{
    struct route_target *target = &r->target[r->targets];
    *target = (struct route_target){.name = strdup(name)};
    return target->name == NULL ? ROUTE_NONE : r->targets++;
}

/* Determines where the key's records go: sets target or why.  False: no memory. */
static bool direct(struct route *r, struct route_key *entry)
{
    struct reason reason;
    entry->target = ROUTE_NONE;
    enum presence presence = find_directory(r, entry->key, &reason);
    bool own = presence == PRESENT;
    if (presence == ABSENT) {
        presence = find_directory(r, r->default_name, &reason);
        if (presence == ABSENT)
            reason_set(&reason, "%s has no directory %s, and no %s for the rest; make one of them",
                       r->root_name, entry->key, r->default_name);
    }
    if (presence != PRESENT) {
        entry->why = strdup(reason.text);
        return entry->why != NULL;
    }
    own = own && strcmp(entry->key, r->default_name) != 0;
    entry->target = own ? ROUTE_NONE : r->default_target;
    if (entry->target == ROUTE_NONE)
        entry->target = add_target(r, own ? entry->key : r->default_name);
    if (!own)
        r->default_target = entry->target;
    return entry->target != ROUTE_NONE;
}

static void commit(struct sink *sink);

static struct route_key *entry_of(struct route *r, struct span key)
{
    struct route_key *entry = find_key(r, key);
    if (entry->key != NULL)
        return entry;
    if (r->keys >= ROUTE_TABLE / 2) {
        commit(&r->sink);
        entry = find_key(r, key);
    }
    entry->key = strndup(key.at, key.len);
    if (entry->key == NULL)
        return NULL;
    if (direct(r, entry)) {
        r->keys++;
        return entry;
    }
    free(entry->key);
    *entry = (struct route_key){0};
    return NULL;
}

static bool accept_record(struct sink *sink, struct record *record, struct reason *reason)
{
    struct route *r = route_of(sink);
    struct span key;
    record->size = record->text.len + 1;
    if (!record_key_read(&r->key, sink->json, record, &key, reason))
        return false;
    struct route_key *entry = entry_of(r, key);
    if (entry == NULL)
        return reason_set(reason, "%s", strerror(ENOMEM));
    if (entry->target == ROUTE_NONE)
        return reason_set(reason, "%s", entry->why);
    record->tag = entry->target;
    return true;
}

static void submit(struct sink *sink, struct record *record)
{
    record->sent_at = sink->now;
    records_add(&route_of(sink)->target[record->tag].records, record);
}

/* Writes a target's records to a segment, open until it is published.  False: nothing more can be
 * written anywhere (a full disk). */
static bool write_target(struct route *r, struct route_target *target)
{
    struct reason reason;
    struct stat is;
    if (!spooldir_open(&target->spool, r->root, target->name, false, &target->why))
        return true;
    target->open = true;
    segment_begin(&target->segment, &target->spool, NULL);
    target->device = fstat(target->spool.dir, &is) == 0 ? is.st_dev : 0;
    for (const struct record *record = target->records.first; record != NULL;
         record = record->next) {
        const struct span line = {record->text.at, record->text.len + 1};
        if (segment_append(&target->segment, line, &reason) != SEGMENT_OK)
            break;
    }
    if (target->segment.error == 0)
        segment_flush(&target->segment, false, &reason);
    if (target->segment.error == 0)
        return true;
    target->why = reason;
    if (target->segment.error != ENOSPC && target->segment.error != EDQUOT)
        return true;
    sink_stop(&r->sink, target->records.first, reason.text);
    return false;
}

static bool is_usable(const struct route_target *target)
{
    return target->why.text[0] == '\0';
}

static void mark_unusable(struct route_target *target, const char *what)
{
    if (is_usable(target))
        reason_set(&target->why, "%s: %s: %s", target->name, what, strerror(errno));
}

/* Syncs the file systems of these targets, each once. */
static void sync_file_systems(struct route_target *target, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool synced = !is_usable(&target[i]);
        for (size_t before = 0; before < i && !synced; before++)
            synced = is_usable(&target[before]) && target[before].device == target[i].device;
        if (!synced && syncfs(target[i].spool.dir) != 0) {
            dev_t device = target[i].device;
            for (size_t k = 0; k < count; k++)
                if (is_usable(&target[k]) && target[k].device == device)
                    mark_unusable(&target[k], "sync");
        }
    }
}

static void sync_files(struct route_target *target, size_t count)
{
    if (count >= SYNC_TOGETHER) {
        sync_file_systems(target, count);
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (is_usable(&target[i]))
            segment_flush(&target[i].segment, true, &target[i].why);
}

static void sync_directories(struct route_target *target, size_t count)
{
    if (count >= SYNC_TOGETHER) {
        sync_file_systems(target, count);
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (is_usable(&target[i]))
            segment_sync_directory(&target[i].spool, &target[i].why);
}

static void settle_target(struct route *r, struct route_target *target)
{
    struct outcome outcome = {.kind = OUTCOME_SPOOLED, .attempts = 1};
    if (!is_usable(target)) {
        outcome.kind = OUTCOME_UNDELIVERED;
        /* A full disk is reported once, by sink_stop(). */
        outcome.reason = r->sink.hopeless ? NULL : target->why.text;
    }
    for (const struct record *record = target->records.first; record != NULL; record = record->next)
        outcome.sent_at = record->sent_at;
    ledger_settle_all(r->sink.ledger, &target->records, &outcome);
}

/* Writes, syncs, publishes and syncs again some targets. */
static void commit_some(struct route *r, struct route_target *target, size_t count)
{
    size_t opened = 0;
    while (opened < count && write_target(r, &target[opened]))
        opened++;
    /* The targets after a full disk were not opened. */
    for (size_t i = opened; i < count; i++)
        if (is_usable(&target[i]))
            reason_set(&target[i].why, "not tried");
    sync_files(target, opened);
    for (size_t i = 0; i < opened; i++)
        if (is_usable(&target[i]))
            segment_publish(&target[i].segment, &target[i].why);
    sync_directories(target, opened);
    for (size_t i = 0; i < count; i++) {
        if (target[i].open) {
            segment_end(&target[i].segment);
            spooldir_close(&target[i].spool);
        }
        settle_target(r, &target[i]);
        free(target[i].name);
    }
}

static void forget_keys(struct route *r)
{
    for (size_t i = 0; r->keys > 0 && i < ROUTE_TABLE; i++) {
        if (r->table[i].key == NULL)
            continue;
        free(r->table[i].key);
        free(r->table[i].why);
        r->table[i] = (struct route_key){0};
        r->keys--;
    }
    r->targets = 0;
    r->default_target = ROUTE_NONE;
}

static void commit(struct sink *sink)
{
    struct route *r = route_of(sink);
    for (size_t i = 0; i < r->targets; i += r->at_once) {
        size_t left = r->targets - i;
        commit_some(r, &r->target[i], left < r->at_once ? left : r->at_once);
    }
    forget_keys(r);
}

/* How many directories may be open at once. */
static size_t open_at_once(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur <= SPARE + DESCRIPTORS)
        return 1;
    size_t most = (size_t)(limit.rlim_cur - SPARE) / DESCRIPTORS;
    return most < MOST_OPEN ? most : MOST_OPEN;
}

bool route_begin(struct route *r, const char *root)
{
    struct reason reason;
    if (!record_key_parse(&r->key, r->by, &reason)) {
        options_usage("--by=%s: %s", r->by, reason.text);
        return false;
    }
    if (!layout_is_component(span_of(r->default_name))) {
        options_usage("--default=%s: a name has letters, digits, '.', '_' and '-', a letter or "
                      "digit first",
                      r->default_name);
        return false;
    }
    r->root_name = root;
    r->table = calloc(ROUTE_TABLE, sizeof *r->table);
    r->target = malloc(ROUTE_RECORDS * sizeof *r->target);
    r->at_once = open_at_once();
    r->default_target = ROUTE_NONE;
    r->sink = (struct sink){
        .context = r,
        .name = root,
        .accept = accept_record,
        .submit = submit,
        .commit = commit,
        .group_records = ROUTE_RECORDS,
        .group_bytes = r->segment_size,
        .group_time = r->segment_time,
        .group_idle = INT64_MAX,
        .window = 2 * r->segment_size,
    };
    r->root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->root >= 0 && r->table != NULL && r->target != NULL)
        return true;
    if (r->root >= 0)
        diag_fail("%s", strerror(ENOMEM));
    else if (errno == ENOENT)
        diag_fail("%s: %s; make it first, with a directory for each key: mkdir -p %s/%s", root,
                  strerror(ENOENT), root, r->default_name);
    else
        diag_fail("%s: %s%s", root, strerror(errno), options_directory_hint(errno));
    route_end(r);
    return false;
}

void route_end(struct route *r)
{
    if (r->root >= 0)
        close(r->root);
    if (r->table != NULL)
        forget_keys(r);
    free(r->table);
    free(r->target);
    record_key_free(&r->key);
}
