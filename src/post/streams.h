/* streams: the body of a push to Grafana Loki.
 *
 * A line of input is a push of its own, {"streams":[{"stream":{LABELS},"values":[…]}]}, with one
 * stream object.  Loki's ingester reports only for the last stream object of a push whether its
 * entries were stored, so each push has one stream object: the entries of lines with equal labels,
 * sorted by time, because Loki refuses entries that are too far behind the newest of their
 * stream. */
#ifndef STREAMS_H
#define STREAMS_H

#include "base/diag.h"
#include "filter/record.h"
#include "json/edit.h"
#include "json/json.h"

/* The label sets seen so far; zeroed at first. */
struct streams {
    struct labels *set;
    size_t count, capacity;
    size_t last; /* the one found last */
};

/* Takes a record that is such a push: its body becomes the inside of "values", and its tag the
 * number of its label set, so that a request has only records with equal tags.  False: reason says
 * what is wrong. */
bool streams_accept(struct streams *streams, struct json *json, struct record *record,
                    struct reason *reason);

/* The time of the first entry in a body, in nanoseconds since 1970.  False: it has none. */
bool streams_time(struct span body, int64_t *nanoseconds);

/* Bytes of a push besides its entries and its labels. */
size_t streams_overhead(void);

/* Bytes of memory that streams_sort() needs. */
size_t streams_memory(size_t records);

/* Sorts the records by the time of their first entries; records of equal time keep their order.
 * memory is aligned as malloc(3)'s. */
void streams_sort(struct records *records, void *memory);

/* Lists the pieces of a push of records with equal tags.  False: no memory. */
bool streams_compose(const struct streams *streams, const struct records *records,
                     struct edit *body);

void streams_free(struct streams *streams);

#endif
