/* framing: how events are combined in the body of one request. */
#ifndef FRAMING_H
#define FRAMING_H

#include "base/diag.h"
#include "filter/record.h"
#include "post/streams.h"
#include "json/edit.h"
#include "json/json.h"

enum framing {
    FRAMING_NONE,    /* one event, nothing else */
    FRAMING_ARRAY,   /* [event,event] */
    FRAMING_LINES,   /* a line each */
    FRAMING_CONCAT,  /* eventevent */
    FRAMING_STREAMS, /* Loki's push: {"streams":[…]}, see streams.h */
    FRAMING_BULK,    /* Elasticsearch's _bulk: an action line before each */
};

/* The framings that a user may choose, by kind, ended by NULL; the others are a preset's. */
extern const char *const framing_names[];

/* Bytes of a body besides its events. */
size_t framing_overhead(enum framing framing);

/* Sets the bytes of a record that are sent, and their size.  Where the framing requires an object,
 * or Loki's document, the event must be one.  False: reason says why not.  json is a temporary
 * reader; streams is for FRAMING_STREAMS only, which sets the record's tag too. */
bool framing_accept(enum framing framing, struct streams *streams, struct json *json,
                    struct record *record, struct reason *reason);

/* Bytes of memory that framing_compose() needs in addition, aligned as malloc(3)'s. */
size_t framing_memory(enum framing framing, size_t events);

/* Lists the body's pieces, in the order of the records, which FRAMING_STREAMS sorts; they are valid
 * as long as the records and `memory` are.  False: no memory, or no digest could be made. */
bool framing_compose(enum framing framing, const struct streams *streams, struct records *records,
                     char *memory, struct edit *body);

#endif
