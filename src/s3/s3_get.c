#include "config.h"

#include "base/clock.h"
#include "base/interrupt.h"
#include "deliver/gzip.h"
#include "event/event.h"
#include "s3/s3_get.h"
#include "json/json_compact.h"
#include "json/json_reason.h"
#include "json/json_string.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    AHEAD = 2 * S3_LIST_MOST,             /* keys that are listed ahead */
    PATH_TEXT = 6 * (S3_KEY_MAX + 1) + 2, /* bytes of a path as a JSON string */
    FLUSH_EVERY = 100 * 1000,             /* microseconds */
};

/* Encodes a path as a JSON string, with quotes.  False: it is not UTF-8, which JSON cannot
 * represent. */
static bool encode_path(struct s3_get *get, struct span path, char text[PATH_TEXT],
                        struct span *encoded)
{
    size_t len = 0;
    text[len++] = '"';
    len += json_string_encode(&path, text + len, PATH_TEXT - 2);
    text[len++] = '"';
    *encoded = (struct span){text, len};
    json_begin(&get->json, text, len);
    return json_value(&get->json, NULL) && json_end(&get->json);
}

/* The key without prefix and suffix. */
static struct span path_of(const struct s3_get *get, struct span key)
{
    size_t prefix = strlen(get->options.prefix), suffix = strlen(get->options.suffix);
    struct span path = span_between(key.at + prefix, span_end(key));
    if (path.len > suffix && memcmp(span_end(path) - suffix, get->options.suffix, suffix) == 0)
        path.len -= suffix;
    return path;
}

/* Names the object in a message, and writes the reason to --rejects. */
static void reject(struct s3_get *get, struct span key, const char *why)
{
    struct filter *filter = get->filter;
    struct span path = path_of(get, key), encoded, reason = span_of(why);
    struct reason shown = {""};
    char text[PATH_TEXT], words[6 * sizeof shown.text];
    enum flood_turn turn = flood_note(&filter->flood, why);
    reason_append(&shown, path);
    if (turn != FLOOD_COUNT)
        diag_warn("%s: %s%s", shown.text, why,
                  turn == FLOOD_TELL_LAST
                      ? " (more like this are only counted; --verbose tells all)"
                      : "");
    diag_raise(STATUS_REJECTED);
    get->rejected++;
    if (filter->fail_fast)
        filter->stop = true;
    if (filter->rejects_file == NULL)
        return;
    if (!encode_path(get, path, text, &encoded)) {
        path = span_of(shown.text);
        encode_path(get, path, text, &encoded);
    }
    size_t len = json_string_encode(&reason, words, sizeof words);
    const struct span piece[] = {
        SPAN("{\"path\":"), encoded, SPAN(",\"reason\":\""), {words, len}, SPAN("\"}")};
    append_line(&filter->rejects, piece, sizeof piece / sizeof *piece);
    filter_check_append(filter, &filter->rejects);
}

/* Memory of at least `size` bytes; NULL: none. */
static char *spare(struct s3_get *get, size_t size)
{
    if (size > get->spare_size) {
        free(get->spare);
        get->spare = malloc(size);
        get->spare_size = get->spare != NULL ? size : 0;
    }
    return get->spare;
}

/* Whether the event's own time is in the requested range.  False with a reason in *why if its time
 * is not known, else with none. */
static bool is_in_time(struct s3_get *get, struct span text, struct reason *why)
{
    const struct s3_get_options *o = &get->options;
    struct timestamp time;
    struct event event;
    why->text[0] = '\0';
    if (!o->has_since && !o->has_until)
        return true;
    json_begin(&get->json, text.at, text.len);
    if (json_peek(&get->json) != JSON_OBJECT)
        return reason_set(why, "it is not an event, and has no time");
    if (!event_read(&get->json, 0, NULL, NULL, &event))
        return json_reason(&get->json, why);
    if (!event_time(&event, &time, why))
        return false;
    if ((!o->has_since || !timestamp_is_before(&time, &o->since)) &&
        (!o->has_until || timestamp_is_before(&time, &o->until)))
        return true;
    get->other_times++;
    return false;
}

/* Writes one event.  False with a reason: it is not an event. */
static bool write_event(struct s3_get *get, struct span path, struct span text,
                        struct reason *reason)
{
    struct out *out = &get->filter->out;
    struct json_value value;
    json_begin(&get->json, text.at, text.len);
    if (!json_value(&get->json, &value) || !json_end(&get->json))
        return json_reason(&get->json, reason);
    if (!is_in_time(get, value.text, reason))
        return reason->text[0] == '\0';
    struct span event = value.text;
    if (memchr(event.at, '\n', event.len) != NULL || memchr(event.at, '\r', event.len) != NULL) {
        /* An event with line breaks is made compact: it must be one line. */
        char *compact = spare(get, event.len);
        if (compact == NULL)
            return reason_set(reason, "there is not enough memory");
        event = (struct span){compact, json_compact(event, compact)};
    }
    out_write(out, SPAN("{\"path\":"));
    out_write(out, path);
    out_write(out, SPAN(",\"event\":"));
    out_write(out, event);
    out_write(out, SPAN("}\n"));
    get->events++;
    filter_check_write(get->filter, out);
    return true;
}

/* Writes each line of an object. */
static void write_lines(struct s3_get *get, struct span key, struct span path, struct span text)
{
    struct reason reason, where;
    size_t number = 0;
    while (text.len > 0 && !get->filter->stop) {
        const char *newline = memchr(text.at, '\n', text.len);
        struct span line = span_between(text.at, newline != NULL ? newline : span_end(text));
        text = span_between(newline != NULL ? newline + 1 : span_end(text), span_end(text));
        number++;
        if (span_is_blank(line) || write_event(get, path, line, &reason))
            continue;
        reason_set(&where, "line %zu: %.480s", number, reason.text);
        reject(get, key, where.text);
    }
}

/* Writes the events of an object. */
static void write_object(struct s3_get *get, const struct s3_object *object)
{
    char text[PATH_TEXT], *expanded = NULL;
    struct span path, body = {object->len > 0 ? object->body : "", object->len};
    struct reason reason;
    const char *wrong = NULL;
    if (!encode_path(get, path_of(get, object->key), text, &path)) {
        reject(get, object->key, "its key is not UTF-8");
        return;
    }
    if (body.len >= 2 && memcmp(body.at, "\x1f\x8b", 2) == 0) {
        size_t len;
        if (!gzip_expand(body, get->filter->max_record, &expanded, &len, &wrong)) {
            reject(get, object->key, wrong);
            return;
        }
        body = (struct span){expanded, len};
    }
    if (body.len == 0)
        reject(get, object->key, "the object is empty");
    else if (get->options.form == S3_GET_LINES)
        write_lines(get, object->key, path, body);
    else if (!write_event(get, path, body, &reason))
        reject(get, object->key, reason.text);
    free(expanded);
}

static void write_path(struct s3_get *get, const struct s3_object *object)
{
    struct span path = path_of(get, object->key);
    if (memchr(path.at, '\n', path.len) != NULL) {
        reject(get, object->key, "its key has a line break; --list writes it");
        return;
    }
    filter_write(get->filter, path);
}

static void write_listed(struct s3_get *get, const struct s3_object *object)
{
    struct out *out = &get->filter->out;
    struct span path, time = object->time, etag = object->etag;
    char text[PATH_TEXT], member[6 * 128], number[32];
    if (!encode_path(get, path_of(get, object->key), text, &path)) {
        reject(get, object->key, "its key is not UTF-8");
        return;
    }
    int len = snprintf(number, sizeof number, ",\"size\":%llu", (unsigned long long)object->size);
    out_write(out, SPAN("{\"path\":"));
    out_write(out, path);
    out_write(out, (struct span){number, (size_t)len});
    out_write(out, SPAN(",\"time\":\""));
    out_write(out, (struct span){member, json_string_encode(&time, member, sizeof member)});
    out_write(out, SPAN("\",\"etag\":\""));
    out_write(out, (struct span){member, json_string_encode(&etag, member, sizeof member)});
    out_write(out, SPAN("\"}\n"));
    filter_check_write(get->filter, out);
}

/* A directory marker that a console has made: an empty object whose key ends in '/'. */
static bool is_marker(const struct s3_object *object)
{
    return object->size == 0 && object->key.at[object->key.len - 1] == '/';
}

static bool take(void *context, struct s3_object *object)
{
    struct s3_get *get = context;
    if (is_marker(object) && get->options.form != S3_GET_LIST) {
        get->markers++;
        return true;
    }
    if (object->failed != NULL) {
        reject(get, object->key, object->failed->text);
        return !get->filter->stop;
    }
    get->objects++;
    get->bytes += get->options.fetch.only_listing ? object->size : object->len;
    switch (get->options.form) {
    case S3_GET_EVENTS:
    case S3_GET_LINES:
        write_object(get, object);
        break;
    case S3_GET_PATHS:
        write_path(get, object);
        break;
    case S3_GET_LIST:
        write_listed(get, object);
        break;
    case S3_GET_COUNT:
        break;
    }
    return !get->filter->stop;
}

static bool skip(void *context, struct span key)
{
    const struct s3_get *get = context;
    return skip_has(get->options.skip, path_of(get, key));
}

/* The UTC day as YYYYMMDD, `later` days later. */
static void day_of(const struct timestamp *time, int64_t later, char day[9])
{
    struct civil civil = timestamp_civil(time->seconds + later * 86400, 0);
    char text[40];
    snprintf(text, sizeof text, "%04d%02d%02d", (int)civil.year, civil.month, civil.day);
    memcpy(day, text, 8);
    day[8] = '\0';
}

/* Sets the days to list: those of the requested times. */
static void set_days(const struct s3_get_options *o, struct s3_walk_options *walk)
{
    int more = o->any_zone ? 1 : 0;
    walk->days = o->has_since || o->has_until;
    strcpy(walk->first, "00010101");
    strcpy(walk->last, "99991231");
    if (o->has_since)
        day_of(&o->since, -more, walk->first);
    if (o->has_until) {
        struct timestamp last = o->until;
        if (last.nanos == 0)
            last.seconds--; /* until is exclusive */
        day_of(&last, more, walk->last);
    }
}

static bool begin(struct s3_get *get)
{
    const struct s3_get_options *o = &get->options;
    struct s3_walk_options walk = {.prefix = span_of(o->prefix), .ahead = AHEAD};
    struct http_options http = {
        .cacert = o->cacert,
        .timeout = o->timeout,
        .parallel = o->fetch.parallel,
        .quick_ack = true, /* radosgw sends the header and the body of a response separately */
    };
    if (!s3_store_begin(&get->store, &o->store, false))
        return false;
    if (http.cacert == NULL)
        http.cacert = s3_store_ca_bundle(&get->store);
    set_days(o, &walk);
    if (o->after != NULL) {
        snprintf(get->after, sizeof get->after, "%s%s", o->prefix, o->after);
        walk.after = span_of(get->after);
    }
    if (!http_begin(&get->http, &http))
        return false;
    if (!s3_walk_begin(&get->walk, &walk)) {
        diag_fail("%s", strerror(ENOMEM));
        return false;
    }
    struct s3_fetch_options fetch = o->fetch;
    fetch.take = take;
    fetch.skip = o->skip != NULL ? skip : NULL;
    fetch.context = get;
    s3_fetch_begin(&get->fetch, &get->store, &get->http, &get->walk, &fetch);
    return true;
}

static void draw(struct s3_get *get, int64_t now)
{
    const struct progress_counts counts = {
        .verb = "read",
        .successes = get->objects,
        .failures = get->rejected,
        .has_requests = true,
        .under_way = get->fetch.flying,
        .retrying = get->fetch.retrying,
    };
    progress_draw(&get->progress, now, &counts);
}

/* Prints how much was read, and the requests and the time it took. */
static void tell_summary(const struct s3_get *get, int64_t microseconds)
{
    char objects[FLOOD_NUMBER], bytes[FLOOD_NUMBER], skipped[FLOOD_NUMBER], rejected[FLOOD_NUMBER];
    char other[FLOOD_NUMBER];
    bool only = get->options.fetch.only_listing;
    diag_warn("%s objects %s, %s bytes, %s skipped, %s at other times, %s rejected in %.1f s",
              flood_number(get->objects, objects), only ? "listed" : "read",
              flood_number((size_t)get->bytes, bytes), flood_number(get->fetch.skipped, skipped),
              flood_number(get->other_times, other), flood_number(get->rejected, rejected),
              (double)microseconds / 1e6);
}

static void tell_requests(const struct s3_get *get)
{
    size_t planned = get->options.form == S3_GET_COUNT ? get->objects : get->fetch.gets;
    diag_warn("%zu requests to list, %zu to read%s, %zu of them tried again", get->fetch.lists,
              planned, get->options.form == S3_GET_COUNT ? " (not sent)" : "", get->fetch.retries);
}

/* Writes out the output before a wait, or ten times a second. */
static void flush(struct s3_get *get, int64_t *flushed)
{
    if (get->fetch.now < *flushed + FLUSH_EVERY && get->fetch.flying > 0)
        return;
    filter_flush(get->filter);
    filter_check_write(get->filter, &get->filter->out);
    *flushed = get->fetch.now;
}

static void loop(struct s3_get *get, int wake)
{
    int64_t wake_at, flushed = 0;
    for (;;) {
        wake_at = INT64_MAX;
        bool more = s3_fetch_turn(&get->fetch, &wake_at);
        if (!more || interrupt_asked() != NULL || get->filter->stop)
            return;
        flush(get, &flushed);
        draw(get, get->fetch.now);
        int64_t now = get->fetch.now, until = flushed + FLUSH_EVERY;
        if (get->progress.next < until)
            until = get->progress.next;
        if (wake_at < until || get->fetch.flying == 0)
            until = wake_at;
        http_wait(&get->http, -1, wake, until > now ? until - now : 0);
    }
}

void s3_get_run(struct s3_get *get, const struct s3_get_options *options, struct filter *filter)
{
    int64_t began = clock_now();
    *get = (struct s3_get){.options = *options, .filter = filter};
    interrupt_begin();
    int wake = interrupt_fd();
    if (begin(get)) {
        progress_begin(&get->progress, options->progress, began);
        loop(get, wake);
        progress_end(&get->progress);
        if (get->fetch.why.text[0] != '\0')
            diag_fail("%s: %s", get->store.name, get->fetch.why.text);
        else if (interrupt_asked() != NULL)
            diag_fail("stopped by %s; not all was read", interrupt_asked());
        if (options->summary)
            tell_summary(get, clock_now() - began);
        if (options->counts)
            tell_requests(get);
        s3_fetch_end(&get->fetch);
    }
    s3_walk_end(&get->walk);
    if (get->http.multi != NULL)
        http_end(&get->http);
    s3_store_end(&get->store);
    free(get->spare);
}
