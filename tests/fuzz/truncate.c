/* truncate: audit-truncate's transform of a record.
 *
 * Input: a byte (the limit), and a record.  The output is the record with every value of `lines`
 * replaced, byte for byte. */
#include "config.h"

#include "filter/truncate.h"
#include "render.h"
#include "strict.h"

/* The event in a record. */
static struct span event_of(struct span record)
{
    struct span name, value[3];
    if (strict_member(record, 0, &name, &value[0]) && span_equal(name, SPAN("path")) &&
        *value[0].at == '"' && strict_member(record, 1, &name, &value[1]) &&
        span_equal(name, SPAN("event")) && *value[1].at == '{' &&
        !strict_member(record, 2, &name, &value[2]))
        return value[1];
    const char *end = span_end(record);
    while (strchr(" \t\r\n", *record.at) != NULL)
        record.at++;
    while (strchr(" \t\r\n", end[-1]) != NULL)
        end--;
    return span_between(record.at, end);
}

static bool is_lines(struct span name)
{
    char decoded[64];
    size_t len;
    return name.len <= sizeof decoded && strict_decode(name, decoded, &len) &&
           span_equal((struct span){decoded, len}, SPAN("lines"));
}

/* The record with the lines' values replaced by `with`; *left is the event's length then. */
static struct span replaced(struct span record, struct span event, struct span with, size_t *left)
{
    struct edit edit = {NULL, 0, 0, false};
    struct span name, value;
    const char *done = record.at;
    *left = event.len;
    for (size_t n = 0; strict_member(event, n, &name, &value); n++) {
        if (!is_lines(name))
            continue;
        edit_add(&edit, span_between(done, value.at));
        edit_add(&edit, with);
        done = span_end(value);
        *left += with.len - value.len;
    }
    edit_add(&edit, span_between(done, span_end(record)));
    struct span bytes = render(&edit);
    edit_free(&edit);
    return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct truncation truncation;
    struct span record = {(const char *)data, size};
    struct edit edit = {NULL, 0, 0, false};
    struct reason reason = {""};
    uint8_t limit = fuzz_byte(&record);
    truncation.limit = limit;
    truncation.string = SPAN("\"cut \\n\"");
    enum verdict verdict = truncate_event(&truncation, record, &edit, &reason);
    if (!strict_json(record)) {
        HOLDS(verdict == VERDICT_REJECT);
    } else if (verdict != VERDICT_REJECT || strstr(reason.text, "byte 1: ") == NULL) {
        size_t left;
        struct span event = event_of(record);
        struct span expected = replaced(record, event, truncation.string, &left);
        if (event.len <= limit) {
            HOLDS(verdict == VERDICT_PASS || verdict == VERDICT_REJECT);
        } else if (left <= limit) {
            HOLDS(verdict == VERDICT_EDIT);
            struct span line = render(&edit);
            HOLDS(span_equal(line, expected));
            free((char *)line.at);
        } else {
            HOLDS(verdict == VERDICT_REJECT && reason.text[0] != '\0');
        }
        free((char *)expected.at);
    }
    edit_free(&edit);
    return 0;
}
