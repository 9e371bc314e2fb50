/* kafka_batch: messages of one partition as the lines that a command gets: a nameless file in
 * memory, and for each line the offset and the key of its message.
 *
 * A message whose header `path` is there becomes an addressed event, {"path":"…","event":VALUE};
 * any other one its value.  A line is one line: white space outside strings is taken out of a value
 * that has a line break.
 */
#ifndef KAFKA_BATCH_H
#define KAFKA_BATCH_H

#include "base/diag.h"
#include "spool/acknowledge.h"
#include "json/json.h"

#include <librdkafka/rdkafka.h>

#define KAFKA_NO_KEY UINT32_MAX

struct kafka_entry {
    int64_t offset;
    size_t key; /* where it begins in `keys` */
    uint32_t key_len;
};

struct kafka_batch {
    int file;     /* the lines, each with its newline; -1: none yet */
    char *buffer; /* lines that are not in it yet */
    size_t used;
    struct kafka_entry *entry; /* one a line */
    size_t lines, capacity;
    char *keys;
    size_t keys_used, keys_capacity;
    size_t bytes;  /* of all lines */
    int64_t next;  /* the offset after the last message that was taken; -1: none was */
    char *compact; /* room for a value without its line breaks */
    size_t compact_size;
};

enum kafka_added {
    KAFKA_ADDED,
    KAFKA_UNFIT,   /* no line can be made of it; it counts as taken */
    KAFKA_NO_ROOM, /* memory is out; it was not taken */
};

/* An empty batch. */
void kafka_batch_begin(struct kafka_batch *batch);

/* Takes a message; one without a value, or with an empty one, is no line.  The reason says why it
 * is unfit, or what failed. */
enum kafka_added kafka_batch_add(struct kafka_batch *batch, const rd_kafka_message_t *message,
                                 struct json *json, struct reason *reason);

/* Writes out what is buffered and sets the file to its start: it can be a command's input.  False
 * with a reason. */
bool kafka_batch_finish(struct kafka_batch *batch, struct reason *reason);

/* Makes *rest a batch, finished, of the lines that stay (LINE_STAYS).  False with a reason: *rest
 * is empty then. */
bool kafka_batch_rest(const struct kafka_batch *batch, const unsigned char *verdict,
                      struct kafka_batch *rest, struct reason *reason);

/* The key of a line, counted from 0; at == NULL: it has none. */
struct span kafka_batch_key(const struct kafka_batch *batch, size_t line);

/* The offset of the first line; `next` where there is none. */
int64_t kafka_batch_first(const struct kafka_batch *batch);

void kafka_batch_end(struct kafka_batch *batch);

#endif
