/* truncate: shortens events that are too large: the value of `lines` is replaced by a short text.
 *
 * Source: Workato's documentation of audit log streaming, on events larger than 40 MB. */
#ifndef TRUNCATE_H
#define TRUNCATE_H

#include "event/event.h"
#include "filter/parallel.h"

struct truncation {
    size_t limit;       /* bytes of the largest event */
    struct span string; /* the replacement of the lines, a JSON string */
    struct json json;
    struct edit *edit; /* of the current record, and the position up to which it is written */
    const char *done;
    size_t gone; /* bytes of the lines' values */
    size_t times;
    char *made; /* the string of truncate_set_text() */
};

/* The defaults, for an initializer. */
#define TRUNCATION                                                                                 \
    {                                                                                              \
        .limit = 40000000, .string = SPAN_INIT("\"Log lines exceed size limit\"")                  \
    }

/* Sets the replacement of the lines, which is encoded as a JSON string.  False with a reason: it is
 * not UTF-8, or no memory. */
bool truncate_set_text(struct truncation *truncation, const char *text, struct reason *reason);

/* The transform; context is struct truncation.  An event within the limit is unchanged; one that
 * has no lines, or is still too large without them, is rejected. */
enum verdict truncate_event(void *context, struct span record, struct edit *edit,
                            struct reason *reason);

void truncate_free(struct truncation *truncation);

/* The same with several threads. */
extern const struct parallel_work truncate_work;

#endif
