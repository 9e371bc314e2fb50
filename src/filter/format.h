/* format: turns a JSON text of an archive into the clean event that Workato would stream.
 *
 * Finds the event inside its wrapper, and removes or replaces members according to the stream's
 * type and masking.  Everything else keeps its bytes, except for insignificant white space.
 *
 * The event is the text itself; else the first object member that is an event, the outermost level
 * first, three levels deep; else a string member from which an event can be decoded.  A text
 * without an event may be a page, as APIs return: an object with an array member that contains
 * events. */
#ifndef FORMAT_H
#define FORMAT_H

#include "event/event.h"
#include "filter/splices.h"
#include "json/edit.h"

/* The types of the console's "include in stream", as bits. */
enum format_stream {
    STREAM_JOB_STATUS = 1,    /* jobs without `lines` */
    STREAM_JOB_DETAILS = 2,   /* jobs with them; overrides STREAM_JOB_STATUS */
    STREAM_USER_ACTIVITY = 4, /* what members did, including flattened deployments */
};

enum format_result {
    FORMAT_EVENT,    /* the edit is the event */
    FORMAT_LEFT_OUT, /* an event of a kind that is not in the stream */
    FORMAT_PAGE,     /* format->page is an array whose elements are texts */
    FORMAT_UNKNOWN,  /* the text is JSON, but contains no event: the edit is the text, compact */
    FORMAT_WRONG,    /* not one JSON text: see format->error */
    FORMAT_NO_MEMORY,
};

/* A value in a wrapper that may contain an event: a string, or an array. */
struct format_candidate {
    struct json_value value;
    int level; /* it is a member of an object at this level, the text itself being level 0 */
};

struct format {
    unsigned streams;     /* format_stream bits */
    bool keep_duplicates; /* keep what Workato leaves out of job details since September 2024 */
    bool zero_retention;  /* remove `input` and `output` from every line */
    enum event_kind kind; /* of the event read last */
    struct span page;     /* of FORMAT_PAGE: within the text */
    struct json_error error;
    /* The module's own members.  Zeroed at first; format_free() frees them. */
    bool wrapped; /* the last text had its event in a wrapper: the next one probably has, too */
    struct json json;
    struct splices splices;
    struct {
        struct span text;
        enum event_kind kind; /* EVENT_UNKNOWN: none was found */
        int level;
        bool decoded; /* from a string */
    } found;
    struct format_candidate *candidate;
    size_t candidates, capacity;
    char *decoded;
    size_t decoded_size;
    bool no_memory;
};

/* Reads one text and sets `edit` to its replacement.  The edit points into the text and into the
 * format, and is valid until the next call. */
enum format_result format_text(struct format *format, struct span text, struct edit *edit);

void format_free(struct format *format);

#endif
