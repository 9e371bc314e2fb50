#include "config.h"

#include "base/write_all.h"
#include "kafka/kafka_batch.h"
#include "spool/filelines.h"
#include "json/json_compact.h"
#include "json/json_reason.h"
#include "json/json_string.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BUFFER = 256 * 1024 };

void kafka_batch_begin(struct kafka_batch *batch)
{
    *batch = (struct kafka_batch){.file = -1, .next = -1};
}

void kafka_batch_end(struct kafka_batch *batch)
{
    if (batch->file >= 0)
        close(batch->file);
    free(batch->buffer);
    free(batch->entry);
    free(batch->keys);
    free(batch->compact);
    kafka_batch_begin(batch);
}

/* Grows *at to `wanted` units.  False: no memory; it is unchanged. */
static bool grow(void **at, size_t *capacity, size_t wanted, size_t unit)
{
    if (wanted <= *capacity)
        return true;
    size_t larger = *capacity == 0 ? 1024 : *capacity;
    while (larger < wanted)
        larger *= 2;
    void *grown = realloc(*at, larger * unit);
    if (grown == NULL)
        return false;
    *at = grown;
    *capacity = larger;
    return true;
}

/* Creates the file with the first line.  False with errno set. */
static bool open_file(struct kafka_batch *batch)
{
    if (batch->buffer == NULL && (batch->buffer = malloc(BUFFER)) == NULL)
        return false;
    if (batch->file < 0)
        batch->file = memfd_create("batch", MFD_CLOEXEC);
    return batch->file >= 0;
}

static bool put(struct kafka_batch *batch, struct span bytes)
{
    if (bytes.len > BUFFER - batch->used) {
        if (!write_all(batch->file, (struct span){batch->buffer, batch->used}))
            return false;
        batch->used = 0;
    }
    if (bytes.len >= BUFFER)
        return write_all(batch->file, bytes);
    memcpy(batch->buffer + batch->used, bytes.at, bytes.len);
    batch->used += bytes.len;
    return true;
}

/* Adds the line's entry.  False: no memory. */
static bool add_entry(struct kafka_batch *batch, int64_t offset, struct span key)
{
    void *entries = batch->entry, *keys = batch->keys;
    bool grown = grow(&entries, &batch->capacity, batch->lines + 1, sizeof *batch->entry);
    batch->entry = entries;
    grown = grown && grow(&keys, &batch->keys_capacity, batch->keys_used + key.len, 1);
    batch->keys = keys;
    if (!grown)
        return false;
    struct kafka_entry *entry = &batch->entry[batch->lines];
    *entry = (struct kafka_entry){offset, batch->keys_used,
                                  key.at == NULL ? KAFKA_NO_KEY : (uint32_t)key.len};
    if (key.len > 0)
        memcpy(batch->keys + batch->keys_used, key.at, key.len);
    batch->keys_used += key.len;
    batch->lines++;
    return true;
}

/* The header `path`; at == NULL: there is none. */
static struct span path_of(const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers;
    const void *value;
    size_t size;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
        rd_kafka_header_get_last(headers, "path", &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR ||
        value == NULL)
        return (struct span){NULL, 0};
    return (struct span){value, size};
}

/* Checks that the value can be a line; replaces it by its compact form if it has line breaks. */
static bool check_value(struct kafka_batch *batch, struct span *value, struct json *json,
                        struct reason *reason)
{
    json_begin(json, value->at, value->len);
    if (!json_value(json, NULL) || !json_end(json))
        return json_reason(json, reason);
    if (memchr(value->at, '\n', value->len) == NULL)
        return true;
    void *room = batch->compact;
    if (!grow(&room, &batch->compact_size, value->len, 1))
        return reason_set(reason, "%s", strerror(ENOMEM));
    batch->compact = room;
    *value = (struct span){batch->compact, json_compact(*value, batch->compact)};
    return true;
}

static bool put_encoded(struct kafka_batch *batch, struct span text)
{
    char encoded[1024];
    for (size_t len; (len = json_string_encode(&text, encoded, sizeof encoded)) > 0;)
        if (!put(batch, (struct span){encoded, len}))
            return false;
    return true;
}

static bool put_line(struct kafka_batch *batch, struct span path, struct span value)
{
    batch->bytes += path.len + value.len + 1;
    if (path.at == NULL)
        return put(batch, value) && put(batch, SPAN("\n"));
    return put(batch, SPAN("{\"path\":\"")) && put_encoded(batch, path) &&
           put(batch, SPAN("\",\"event\":")) && put(batch, value) && put(batch, SPAN("}\n"));
}

/* Whether the bytes are UTF-8, so that a JSON string can represent them. */
static bool is_text(struct span path, struct json *json, struct reason *reason)
{
    char quoted[2048];
    struct span rest = path;
    quoted[0] = '"';
    size_t len = 1 + json_string_encode(&rest, quoted + 1, sizeof quoted - 2);
    quoted[len++] = '"';
    if (rest.len > 0)
        return reason_set(reason, "its path is too long");
    json_begin(json, quoted, len);
    return (json_value(json, NULL) && json_end(json)) ||
           reason_set(reason, "its path is not UTF-8");
}

enum kafka_added kafka_batch_add(struct kafka_batch *batch, const rd_kafka_message_t *message,
                                 struct json *json, struct reason *reason)
{
    struct span value = {message->payload, message->len}, path = path_of(message);
    struct span key = {message->key, message->key_len};
    if (value.at != NULL && value.len > 0) {
        bool plain = path.at == NULL && memchr(value.at, '\n', value.len) == NULL;
        if (!plain && (!check_value(batch, &value, json, reason) ||
                       (path.at != NULL && !is_text(path, json, reason)))) {
            batch->next = message->offset + 1;
            return KAFKA_UNFIT;
        }
        if (!open_file(batch) || !add_entry(batch, message->offset, key)) {
            reason_set(reason, "%s", strerror(ENOMEM));
            return KAFKA_NO_ROOM;
        }
        if (!put_line(batch, path, value)) {
            reason_set(reason, "a batch in memory: %s", strerror(errno));
            return KAFKA_NO_ROOM;
        }
    }
    batch->next = message->offset + 1;
    return KAFKA_ADDED;
}

bool kafka_batch_finish(struct kafka_batch *batch, struct reason *reason)
{
    bool written = write_all(batch->file, (struct span){batch->buffer, batch->used}) &&
                   lseek(batch->file, 0, SEEK_SET) == 0;
    batch->used = 0;
    free(batch->buffer);
    batch->buffer = NULL;
    return written || reason_set(reason, "a batch in memory: %s", strerror(errno));
}

bool kafka_batch_rest(const struct kafka_batch *batch, const unsigned char *verdict,
                      struct kafka_batch *rest, struct reason *reason)
{
    struct filelines lines;
    struct span text;
    kafka_batch_begin(rest);
    filelines_begin(&lines, batch->file);
    bool copied = open_file(rest);
    for (size_t i = 0; copied && i < batch->lines && filelines_next(&lines, false, &text); i++) {
        if (verdict[i] != LINE_STAYS)
            continue;
        copied = add_entry(rest, batch->entry[i].offset, kafka_batch_key(batch, i)) &&
                 put_line(rest, (struct span){NULL, 0}, text);
    }
    int error = copied ? lines.error : errno;
    filelines_end(&lines);
    rest->next = batch->next;
    if (error == 0 && kafka_batch_finish(rest, reason))
        return true;
    if (error != 0)
        reason_set(reason, "a batch in memory: %s", strerror(error));
    kafka_batch_end(rest);
    return false;
}

struct span kafka_batch_key(const struct kafka_batch *batch, size_t line)
{
    const struct kafka_entry *entry = &batch->entry[line];
    if (entry->key_len == KAFKA_NO_KEY)
        return (struct span){NULL, 0};
    return (struct span){batch->keys + entry->key, entry->key_len};
}

int64_t kafka_batch_first(const struct kafka_batch *batch)
{
    return batch->lines > 0 ? batch->entry[0].offset : batch->next;
}
