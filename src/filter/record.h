/* record: one line of the input, in every tool, from when it is read until it is released.
 *
 * The reader (reader.h) finds it, record_split() parses it once, and then it is transformed and
 * written, or passed to a sink (deliver/sink.h).  Its bytes stay where read(2) put them. */
#ifndef RECORD_H
#define RECORD_H

#include "base/diag.h"
#include "json/json.h"

#include <stdint.h>

struct block;

struct record {
    /* Set by the reader. */
    struct span text;   /* the line; a newline follows it in memory */
    const char *source; /* the file's name; "stdin" for standard input */
    size_t line;        /* counted from 1 */
    bool too_long; /* longer than the limit; text is empty, the bytes were passed to too_long() */
    bool partial;  /* reading was stopped inside the line; text is its first bytes */

    /* Set by record_split(). */
    struct span path; /* the path string's content as written; at == NULL: a bare event */
    struct span name; /* the path with its escapes decoded; at == NULL: a bare event, or a path that
                         cannot be decoded (a NUL, half of a surrogate pair) */
    struct json_value event; /* the event; for a bare event, the whole text */
    struct span body;        /* what a sink sends: the event's text, unless accept() changes it */

    /* For sinks. */
    int64_t read_at; /* when it was read, in microseconds of clock_now() */
    size_t size;     /* bytes that it adds to a request or a group: accept() may raise it */
    size_t tag;      /* the sink's own */

    /* The owner's: the reader's, the ledger's, or its list's. */
    struct record *next;  /* in a list */
    struct record *after; /* the next record read, if the order matters */
    struct block *block;  /* the block with its bytes; NULL once they were copied */
    char *decoded;        /* memory of `name`; NULL if `name` is part of the text */
    bool settled;         /* its outcome is known, but not written yet, because of the order: */
    int kind;             /* an enum outcome_kind */
    unsigned attempts;
    int64_t sent_at;
    char *why; /* the outcome's reason; NULL: none */
};

/* Parses the text: sets path, name, event, body and size.  json is a temporary reader.  False: the
 * text is not JSON; the reason says where and why. */
bool record_split(struct json *json, struct record *record, struct reason *reason);

/* A list of records, first in, first out. */
struct records {
    struct record *first, *last;
    size_t count;
};

static inline void records_add(struct records *list, struct record *record)
{
    record->next = NULL;
    if (list->first == NULL)
        list->first = record;
    else
        list->last->next = record;
    list->last = record;
    list->count++;
}

/* Puts the records of `more` at the front of the list; `more` is then empty. */
static inline void records_prepend(struct records *list, struct records *more)
{
    if (more->first == NULL)
        return;
    more->last->next = list->first;
    if (list->first == NULL)
        list->last = more->last;
    list->first = more->first;
    list->count += more->count;
    *more = (struct records){0};
}

static inline struct record *records_take(struct records *list)
{
    struct record *record = list->first;
    if (record != NULL) {
        list->first = record->next;
        list->count--;
    }
    return record;
}

#endif
