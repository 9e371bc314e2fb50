/* kafka_batch: messages of one partition as lines for a command: a nameless file in memory, and for
 * each line the offset and the key of its message.
 *
 * A message with a header `path` becomes an addressed event, {"path":"…","event":VALUE}; any other
 * message becomes its value.  It is one line: white space outside strings is removed from a value
 * that has a line break. */
#ifndef KAFKA_BATCH_H
#define KAFKA_BATCH_H

#include "base/diag.h"
#include "spool/acknowledge.h"
#include "json/json.h"

#include <librdkafka/rdkafka.h>

#define KAFKA_NO_KEY UINT32_MAX

struct kafka_entry {
    int64_t offset;
    size_t key; /* its offset in `keys` */
    uint32_t key_len;
};

struct kafka_batch {
    int file;     /* the lines, each with its newline; -1: none yet */
    char *buffer; /* lines that are not yet in the file */
    size_t used;
    struct kafka_entry *entry; /* one for each line */
    size_t lines, capacity;
    char *keys;
    size_t keys_used, keys_capacity;
    size_t bytes;  /* of all lines */
    int64_t next;  /* the offset after the last message taken; -1: none */
    char *compact; /* room for a value without its line breaks */
    size_t compact_size;
};

enum kafka_added {
    KAFKA_ADDED,
    KAFKA_UNFIT,   /* it cannot become a line; it counts as taken */
    KAFKA_NO_ROOM, /* no memory; it was not taken */
};

/* An empty batch. */
void kafka_batch_begin(struct kafka_batch *batch);

/* Takes a message; one without a value, or with an empty one, becomes no line.  The reason says why
 * it cannot be a line, or what failed. */
enum kafka_added kafka_batch_add(struct kafka_batch *batch, const rd_kafka_message_t *message,
                                 struct json *json, struct reason *reason);

/* Writes the buffered lines and sets the file's offset to its start: it can be a command's input.
 * False with a reason. */
bool kafka_batch_finish(struct kafka_batch *batch, struct reason *reason);

/* Makes *rest a finished batch of the lines that stay (LINE_STAYS).  False with a reason: *rest is
 * empty then. */
bool kafka_batch_rest(const struct kafka_batch *batch, const unsigned char *verdict,
                      struct kafka_batch *rest, struct reason *reason);

/* The key of a line, counted from 0; at == NULL: there is none. */
struct span kafka_batch_key(const struct kafka_batch *batch, size_t line);

/* The offset of the first line; `next` if there is none. */
int64_t kafka_batch_first(const struct kafka_batch *batch);

void kafka_batch_end(struct kafka_batch *batch);

#endif
