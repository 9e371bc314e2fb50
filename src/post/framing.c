#include "config.h"

#include "base/digest.h"
#include "post/framing.h"

/* The text around the events, around each event, and between two. */
static const struct frame {
    struct span opening, between, after, closing;
    bool objects; /* events must be objects */
} frames[] = {
    [FRAMING_NONE] = {{"", 0}, {"", 0}, {"", 0}, {"", 0}, false},
    [FRAMING_ARRAY] = {SPAN_INIT("["), SPAN_INIT(","), {"", 0}, SPAN_INIT("]"), false},
    [FRAMING_LINES] = {{"", 0}, {"", 0}, SPAN_INIT("\n"), {"", 0}, false},
    [FRAMING_CONCAT] = {{"", 0}, {"", 0}, {"", 0}, {"", 0}, true},
    [FRAMING_STREAMS] = {{"", 0}, {"", 0}, {"", 0}, {"", 0}, true}, /* see streams.h */
    [FRAMING_BULK] = {{"", 0}, {"", 0}, SPAN_INIT("\n"), {"", 0}, true},
};

const char *const framing_names[] = {
    [FRAMING_NONE] = "none",
    [FRAMING_ARRAY] = "array",
    [FRAMING_LINES] = "lines",
    [FRAMING_CONCAT] = "concat",
    NULL,
};

/* The action line.  A document's ID is its event's digest, so that an event that is sent twice
 * becomes one document. */
#define ACTION_HEAD "{\"create\":{\"_id\":\""
#define ACTION_TAIL "\"}}\n"
enum { ACTION_SIZE = sizeof ACTION_HEAD - 1 + DIGEST_HEX + sizeof ACTION_TAIL - 1 };

size_t framing_overhead(enum framing framing)
{
    return framing == FRAMING_STREAMS ? streams_overhead()
                                      : frames[framing].opening.len + frames[framing].closing.len;
}

bool framing_accept(enum framing framing, struct streams *streams, struct json *json,
                    struct record *record, struct reason *reason)
{
    const struct frame *frame = &frames[framing];
    if (frame->objects && record->event.type != JSON_OBJECT)
        return reason_set(reason, "the event is not an object, which the service requires");
    if (framing == FRAMING_STREAMS)
        return streams_accept(streams, json, record, reason);
    record->size = record->body.len + frame->between.len + frame->after.len;
    if (framing == FRAMING_BULK)
        record->size += ACTION_SIZE;
    return true;
}

size_t framing_memory(enum framing framing, size_t events)
{
    return framing == FRAMING_BULK      ? events * ACTION_SIZE
           : framing == FRAMING_STREAMS ? streams_memory(events)
                                        : 0;
}

/* Writes the action line; returns the position after it. */
static char *put_action(char *to, struct span event)
{
    unsigned char digest[DIGEST_SIZE];
    digest_sha256(event, digest);
    memcpy(to, ACTION_HEAD, sizeof ACTION_HEAD - 1);
    to += sizeof ACTION_HEAD - 1;
    digest_hex(digest, DIGEST_SIZE, to);
    to += DIGEST_HEX;
    memcpy(to, ACTION_TAIL, sizeof ACTION_TAIL - 1);
    return to + sizeof ACTION_TAIL - 1;
}

/* Adds the event with its newline.  A bare event's newline follows it in memory, so that the lines
 * of a whole block become one piece. */
static void add_line(struct edit *body, struct span event)
{
    if (*span_end(event) == '\n') {
        event.len++;
        edit_add(body, event);
    } else {
        edit_add(body, event);
        edit_add(body, SPAN("\n"));
    }
}

bool framing_compose(enum framing framing, const struct streams *streams, struct records *records,
                     char *memory, struct edit *body)
{
    const struct frame *frame = &frames[framing];
    if (framing == FRAMING_STREAMS) {
        streams_sort(records, memory);
        return streams_compose(streams, records, body);
    }
    edit_add(body, frame->opening);
    for (const struct record *record = records->first; record != NULL; record = record->next) {
        if (record != records->first)
            edit_add(body, frame->between);
        if (framing == FRAMING_BULK) {
            char *end = put_action(memory, record->body);
            edit_add(body, span_between(memory, end));
            memory = end;
        }
        if (frame->after.len > 0)
            add_line(body, record->body);
        else
            edit_add(body, record->body);
    }
    edit_add(body, frame->closing);
    return !body->no_memory;
}
