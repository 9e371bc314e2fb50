#include "config.h"

#include "base/timestamp.h"
#include "receive/journal.h"
#include "json/json_string.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

enum { LINE = 4096 };

static bool open_file(struct append *append, const char *file)
{
    append->fd = -1;
    if (file == NULL || append_open(append, file))
        return true;
    diag_fail("%s: %s", file, strerror(errno));
    return false;
}

bool journal_open(struct journal *journal)
{
    pthread_mutex_init(&journal->lock, NULL);
    return open_file(&journal->rejects, journal->rejects_file) &&
           open_file(&journal->receipts, journal->receipts_file);
}

/* Encodes a text as the content of a JSON string, truncated to fit. */
static void encode(const char *text, char *out, size_t size)
{
    struct printable printable;
    struct span span = span_of(diag_printable(span_of(text), &printable));
    size_t len = json_string_encode(&span, out, size - 1);
    out[len] = '\0';
}

/* The same for a reason, which is our own, and longer; it has no control character. */
static void encode_reason(const char *text, char *out, size_t size)
{
    struct span span = span_of(text);
    out[json_string_encode(&span, out, size - 1)] = '\0';
}

static size_t format_receipt(const struct journal_entry *entry, char line[LINE])
{
    enum { ROOM = 6 * sizeof(struct printable) + 1 };
    char time[TIMESTAMP_TEXT], method[ROOM], path[ROOM], error[1600] = "";
    struct timestamp now = timestamp_now();
    now.offset = 0;
    time[timestamp_rfc3339(&now, time)] = '\0';
    encode(entry->method, method, sizeof method);
    encode(entry->path, path, sizeof path);
    if (entry->error != NULL)
        encode_reason(entry->error, error, sizeof error);
    int len = snprintf(
        line, LINE,
        "{\"time\":\"%s\",\"client\":\"%s\",\"method\":\"%s\",\"path\":\"%s\",\"status\":%u,"
        "\"events\":%zu,\"bytes\":%zu,\"seconds\":%" PRId64 ".%06d%s%s%s}",
        time, entry->client, method, path, entry->status, entry->events, entry->bytes,
        entry->microseconds / 1000000, (int)(entry->microseconds % 1000000),
        entry->error != NULL ? ",\"error\":\"" : "", error, entry->error != NULL ? "\"" : "");
    return len < LINE ? (size_t)len : 0;
}

/* Reports once that a file cannot be written; the next line is tried all the same, because there
 * may be room again by then. */
static bool tell_failure(struct append *append)
{
    bool good = append->error == 0;
    if (!good && !append->told)
        diag_fail("%s: %s", append->name, strerror(append->error));
    append->told = !good;
    append->error = 0;
    return good;
}

static bool reopen_file(struct append *append, const char *file)
{
    if (file == NULL)
        return true;
    append_close(append);
    return tell_failure(append) & open_file(append, file);
}

bool journal_reopen(struct journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    bool good = reopen_file(&journal->rejects, journal->rejects_file);
    good &= reopen_file(&journal->receipts, journal->receipts_file);
    pthread_mutex_unlock(&journal->lock);
    return good;
}

void journal_write(struct journal *journal, const struct journal_entry *entry)
{
    char line[LINE];
    struct printable method, path;
    if (journal->verbose)
        diag_warn("%s \"%s %s\" %u, %zu events, %zu bytes, %" PRId64 ".%03d ms%s%s", entry->client,
                  diag_printable(span_of(entry->method), &method),
                  diag_printable(span_of(entry->path), &path), entry->status, entry->events,
                  entry->bytes, entry->microseconds / 1000, (int)(entry->microseconds % 1000),
                  entry->error != NULL ? ": " : "", entry->error != NULL ? entry->error : "");
    if (journal->receipts_file == NULL)
        return;
    struct span receipt = {line, format_receipt(entry, line)};
    pthread_mutex_lock(&journal->lock);
    if (journal->receipts.fd >= 0) {
        append_line(&journal->receipts, &receipt, 1);
        append_flush(&journal->receipts);
        tell_failure(&journal->receipts);
    }
    pthread_mutex_unlock(&journal->lock);
}

bool journal_reject(struct journal *journal, struct span body)
{
    while (body.len > 0 && body.at[body.len - 1] == '\n')
        body.len--;
    if (journal->rejects_file == NULL || body.len == 0)
        return true;
    pthread_mutex_lock(&journal->lock);
    if (journal->rejects.fd < 0) { /* it could not be opened again */
        pthread_mutex_unlock(&journal->lock);
        return false;
    }
    append_line(&journal->rejects, &body, 1);
    append_flush(&journal->rejects);
    bool good = tell_failure(&journal->rejects);
    pthread_mutex_unlock(&journal->lock);
    return good;
}

bool journal_close(struct journal *journal)
{
    bool good = true;
    struct append *const files[] = {&journal->rejects, &journal->receipts};
    for (size_t i = 0; i < 2; i++) {
        if (files[i]->fd < 0)
            continue;
        append_close(files[i]);
        good &= tell_failure(files[i]);
    }
    pthread_mutex_destroy(&journal->lock);
    return good;
}
