/* addressed: the two forms of a line in the toolkit.
 *
 * A bare event is a JSON object.  An addressed event is exactly {"path":"…","event":…}: these two
 * members in this order, the path a string. */
#ifndef ADDRESSED_H
#define ADDRESSED_H

#include "json/json.h"

struct addressed {
    struct span path; /* the string's content, escapes not decoded; at == NULL: a bare event */
};

/* Begins to read a record whose event is an object: json is then before the event, in either form.
 * False: the record is not an object, or malformed; json_error() says why. */
bool addressed_begin(struct json *json, struct span record, struct addressed *addressed);

/* The same with the record that json has read last, which is faster (json_rewind()). */
bool addressed_again(struct json *json, struct addressed *addressed);

/* Ends the reading, after the event's value.  False: see json_error(). */
bool addressed_end(struct json *json, const struct addressed *addressed);

/* Reads a whole record, whose event may be any value (a custom message need not be an object).
 * *event is the record's value in a bare event.  False: see json_error(). */
bool addressed_split(struct json *json, struct span record, struct addressed *addressed,
                     struct json_value *event);

/* Decodes the path into path[size], with a NUL; *len is without it.  False: it does not fit or
 * contains a NUL. */
bool addressed_path(const struct addressed *addressed, char *path, size_t size, size_t *len);

#endif
