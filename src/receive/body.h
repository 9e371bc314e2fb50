/* body: the events in the body of a request.
 *
 * A body is JSON (RFC 8259): one event, several one after the other (NDJSON, pretty-printed,
 * concatenated), arrays of events, or one of the two wrappers of log services' own protocols:
 *
 *     bulk   Elasticsearch's: an action, {"create":{...}} or {"index":{...}}, before each document;
 *            the documents are the events
 *     loki   Grafana Loki's: {"streams":[{"stream":{...},"values":[["TIME","LINE"],...]},...]};
 *            the decoded LINEs are the events
 *
 * Every event is an object.  It becomes one line: its own bytes without the white space between
 * tokens.  A body is accepted whole or not at all. */
#ifndef BODY_H
#define BODY_H

#include "base/diag.h"

enum body_form {
    BODY_AUTO, /* detect the form */
    BODY_JSON,
    BODY_BULK,
    BODY_LOKI,
};

struct body {
    enum body_form form; /* the form that was read: never BODY_AUTO after BODY_GOOD */
    char *lines;         /* the events, each with a newline; the caller frees it */
    size_t len;          /* bytes at `lines` */
    size_t events;
};

enum body_result {
    BODY_GOOD,
    BODY_BAD, /* the reason says what is wrong, and at which byte of the body, counted from 1 */
    BODY_NO_MEMORY,
};

/* The maximum number of bytes that the lines of a body of `len` bytes need. */
size_t body_lines_most(size_t len);

/* Reads the events of a body.  Whatever the result, the caller frees body->lines. */
enum body_result body_split(enum body_form form, struct span bytes, struct body *body,
                            struct reason *reason);

#endif
