/* format: turns a JSON text of an archive into the clean event that Workato would stream.
 *
 * Finds the event inside its wrapper, and takes out or replaces what the stream's type and masking
 * ask for.  Everything else keeps its bytes, but for insignificant white space.
 */
#ifndef FORMAT_H
#define FORMAT_H

#include "event/event.h"
#include "json/edit.h"

/* The types of the console's "include in stream", as bits. */
enum format_stream {
    STREAM_JOB_STATUS = 1,    /* jobs without `lines` */
    STREAM_JOB_DETAILS = 2,   /* jobs with them; goes before STREAM_JOB_STATUS */
    STREAM_USER_ACTIVITY = 4, /* what members did, flattened deployments included */
};

enum format_result {
    FORMAT_EVENT,    /* the edit is the event */
    FORMAT_LEFT_OUT, /* an event of a kind that is not in the stream */
    FORMAT_UNKNOWN,  /* the text is JSON, but no event is in it: the edit is the text, compact */
    FORMAT_WRONG,    /* not one JSON text: see format->error */
    FORMAT_NO_MEMORY,
};

struct cut {
    struct span gone;
    struct span with; /* what stands there instead */
    bool mask;        /* holds only if the line asks to be masked */
};

struct format {
    unsigned streams;     /* format_stream bits */
    bool keep_duplicates; /* leave in what Workato takes out of job details since September 2024 */
    bool zero_retention;  /* take `input` and `output` out of every line */
    enum event_kind kind; /* of the event read last */
    struct json_error error;
    /* What stands below is the module's own.  All zero to begin with; format_free() frees it. */
    struct json json;
    struct event event;
    struct cut *cut;
    size_t cuts, capacity;
    bool no_memory;
    bool kept; /* of the event: a member stays before the one at hand */
    char *compact, *decoded;
    size_t compact_size, decoded_size;
};

/* Reads one text and says in `edit` what leaves in its place.  The edit points into the text and
 * into the format, and holds until the next call. */
enum format_result format_text(struct format *format, struct span text, struct edit *edit);

void format_free(struct format *format);

#endif
