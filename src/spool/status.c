#include "config.h"

#include "base/diag.h"
#include "base/timestamp.h"
#include "filter/table.h"
#include "spool/drain_state.h"
#include "spool/filelines.h"
#include "spool/lock.h"
#include "spool/status.h"

#include <cjson/cJSON.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct state {
    const char *directory;
    struct spooldir spool;
    uint64_t segments, bytes;
    int64_t oldest;  /* seconds since 1970; 0: the spool is empty */
    uint64_t failed; /* lines */
    struct drain_state delivery;
    bool drained; /* an audit-drain is running */
    int error;    /* errno of a file that could not be read */
};

static void count_segment(void *context, const char *name)
{
    struct state *state = context;
    struct stat is;
    int64_t time;
    if (fstatat(state->spool.place[SPOOL_NEW], name, &is, AT_SYMLINK_NOFOLLOW) != 0 ||
        is.st_size == 0)
        return;
    state->segments++;
    state->bytes += (uint64_t)is.st_size;
    if (!spooldir_name_time(name, &time))
        time = (int64_t)is.st_mtime;
    if (state->oldest == 0 || time < state->oldest)
        state->oldest = time;
}

static void count_failed(void *context, const char *name)
{
    struct state *state = context;
    struct filelines lines;
    struct span line;
    int fd = openat(state->spool.place[SPOOL_FAILED], name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        state->error = errno == ENOENT ? state->error : errno;
        return;
    }
    filelines_begin(&lines, fd);
    while (filelines_next(&lines, false, &line))
        state->failed += !span_is_blank(line);
    if (lines.error != 0)
        state->error = lines.error;
    filelines_end(&lines);
    close(fd);
}

/* Opens the existing places; none is created, so that a monitor needs no right to write. */
static bool open_to_read(struct spooldir *spool, const char *directory)
{
    *spool = (struct spooldir){.name = directory};
    for (int i = 0; i < SPOOL_PLACES; i++)
        spool->place[i] = -1;
    spool->dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (spool->dir < 0)
        return false;
    for (int i = 0; i < SPOOL_PLACES; i++) {
        spool->place[i] = openat(spool->dir, spooldir_place_name((enum spool_place)i),
                                 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (spool->place[i] < 0 && errno != ENOENT)
            return false;
    }
    return true;
}

/* False with errno set. */
static bool read_state(struct state *state, const char *directory)
{
    pid_t holder;
    *state = (struct state){.directory = directory};
    bool read = open_to_read(&state->spool, directory) &&
                spooldir_each(&state->spool, SPOOL_NEW, SPOOL_SUFFIX, count_segment, state) &&
                spooldir_each(&state->spool, SPOOL_FAILED, SPOOL_SUFFIX, count_failed, state);
    if (read && state->error != 0) {
        errno = state->error;
        read = false;
    }
    int error = errno;
    if (state->spool.dir >= 0) {
        drain_state_read(&state->delivery, &state->spool);
        state->drained = lock_is_held(state->spool.dir, "lock", &holder);
        spooldir_close(&state->spool);
    }
    errno = error;
    return read;
}

/* The time in RFC 3339, UTC, to the second. */
static const char *time_text(int64_t seconds, char text[TIMESTAMP_TEXT])
{
    struct civil c = timestamp_civil(seconds, 0);
    snprintf(text, TIMESTAMP_TEXT, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)c.year, c.month, c.day,
             c.hour, c.minute, c.second);
    return text;
}

static int64_t age_of(const struct state *state)
{
    int64_t age = timestamp_now().seconds - state->oldest;
    return state->oldest == 0 || age < 0 ? 0 : age;
}

static void write_json(const struct state *state, struct out *out)
{
    char time[TIMESTAMP_TEXT];
    bool waits = state->oldest != 0, fails = state->delivery.since != 0;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "directory", state->directory);
    cJSON_AddNumberToObject(object, "segments", (double)state->segments);
    cJSON_AddNumberToObject(object, "bytes", (double)state->bytes);
    if (waits)
        cJSON_AddStringToObject(object, "oldest", time_text(state->oldest, time));
    else
        cJSON_AddNullToObject(object, "oldest");
    cJSON_AddNumberToObject(object, "age", (double)age_of(state));
    cJSON_AddNumberToObject(object, "failed", (double)state->failed);
    if (fails)
        cJSON_AddStringToObject(object, "failing_since", time_text(state->delivery.since, time));
    else
        cJSON_AddNullToObject(object, "failing_since");
    cJSON_AddNumberToObject(object, "attempts", state->delivery.attempts);
    if (fails)
        cJSON_AddStringToObject(object, "reason", state->delivery.reason.text);
    else
        cJSON_AddNullToObject(object, "reason");
    cJSON_AddBoolToObject(object, "draining", state->drained);
    char *text = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    if (text == NULL) {
        diag_fail("%s", strerror(ENOMEM));
        return;
    }
    out_write(out, span_of(text));
    out_write(out, SPAN("\n"));
    cJSON_free(text);
}

static void add_number(struct table *table, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, number);
    table_add(table, span_of(text));
}

static void add_row(struct table *table, const struct state *state)
{
    char time[TIMESTAMP_TEXT], age[32] = "-";
    int64_t seconds = age_of(state);
    table_add(table, span_of(state->directory));
    add_number(table, state->segments);
    add_number(table, state->bytes);
    if (state->oldest != 0)
        snprintf(age, sizeof age, "%" PRId64 "d%02dh%02dm%02ds", seconds / 86400,
                 (int)(seconds / 3600 % 24), (int)(seconds / 60 % 60), (int)(seconds % 60));
    table_add(table, span_of(age));
    add_number(table, state->failed);
    table_add(table, state->drained ? SPAN("yes") : SPAN("no"));
    table_add(table, state->delivery.since == 0 ? SPAN("-")
                                                : span_of(time_text(state->delivery.since, time)));
    table_add(table, state->delivery.since == 0 ? SPAN("-") : span_of(state->delivery.reason.text));
}

static void begin_table(struct table *table)
{
    static const char *const head[] = {"DIRECTORY", "SEGMENTS", "BYTES",         "AGE",
                                       "FAILED",    "DRAINING", "FAILING-SINCE", "REASON"};
    *table = (struct table){.columns = sizeof head / sizeof *head,
                            .right = {[1] = true, [2] = true, [3] = true, [4] = true}};
    for (size_t i = 0; i < table->columns; i++)
        table_add(table, span_of(head[i]));
}

void status_report(const struct status_options *options, char *const *directory, size_t count,
                   struct out *out)
{
    struct table table;
    struct state state;
    begin_table(&table);
    for (size_t i = 0; i < count; i++) {
        if (!read_state(&state, directory[i])) {
            diag_fail("%s: %s", directory[i], strerror(errno));
            continue;
        }
        if (options->ndjson)
            write_json(&state, out);
        else
            add_row(&table, &state);
        if (state.failed > 0 ||
            (options->warn >= 0 && state.oldest != 0 && age_of(&state) > options->warn / 1000000))
            diag_raise(STATUS_REJECTED);
    }
    if (table.no_memory)
        diag_fail("%s", strerror(ENOMEM));
    else if (!options->ndjson)
        table_write(&table, out);
    table_free(&table);
}

struct retry {
    const struct spooldir *spool;
    size_t files;
    int error;
};

static void retry_file(void *context, const char *name)
{
    enum { TRIES = 100 };
    struct retry *retry = context;
    char segment[SPOOL_NAME], receipts[SPOOL_NAME + 16];
    int failed = retry->spool->place[SPOOL_FAILED], new = retry->spool->place[SPOOL_NEW];
    bool moved = false;
    errno = EEXIST;
    for (int i = 0; !moved && errno == EEXIST && i < TRIES; i++) {
        spooldir_new_name(segment);
        moved = spooldir_rename_new(failed, name, new, segment);
    }
    if (!moved) {
        retry->error = errno;
        return;
    }
    retry->files++;
    snprintf(receipts, sizeof receipts, "%.*s.receipts",
             (int)(strlen(name) - (sizeof SPOOL_SUFFIX - 1)), name);
    unlinkat(failed, receipts, 0);
}

static void retry_directory(const char *directory)
{
    struct spooldir spool;
    struct reason reason;
    if (!spooldir_open(&spool, AT_FDCWD, directory, true, &reason)) {
        diag_fail("%s", reason.text);
        return;
    }
    struct retry retry = {.spool = &spool};
    if (!spooldir_each(&spool, SPOOL_FAILED, SPOOL_SUFFIX, retry_file, &retry))
        retry.error = errno;
    if (retry.error == 0 && !spooldir_sync(&spool, SPOOL_NEW))
        retry.error = errno;
    if (retry.error != 0)
        diag_fail("%s/failed: %s", directory, strerror(retry.error));
    if (retry.files > 0)
        diag_warn("%s: %zu %s will be tried again", directory, retry.files,
                  retry.files == 1 ? "file of failed lines" : "files of failed lines");
    spooldir_close(&spool);
}

void status_retry_failed(char *const *directory, size_t count)
{
    for (size_t i = 0; i < count; i++)
        retry_directory(directory[i]);
}
