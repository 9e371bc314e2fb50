/* push: lines for audit-post: Loki's pushes, and the limits of services.
 *
 * Input: a line.  An accepted push becomes a body that is JSON, also together with another one of
 * its label set, and the older of two comes first; the longest string is no longer than the
 * line. */
#include "config.h"

#include "post/limits.h"
#include "post/streams.h"
#include "render.h"
#include "strict.h"

static bool is_inside(struct span part, struct span whole)
{
    return part.at >= whole.at && span_end(part) <= span_end(whole);
}

static void check_push(struct json *json, struct record *record)
{
    static struct streams streams;
    struct record other = *record;
    struct records records = {0};
    struct reason reason = {""};
    struct edit edit = {NULL, 0, 0, false};
    int64_t first, second;
    if (!streams_accept(&streams, json, record, &reason)) {
        HOLDS(reason.text[0] != '\0');
        streams_free(&streams);
        return;
    }
    HOLDS(is_inside(record->body, record->text) && record->size >= record->body.len);
    HOLDS(streams_accept(&streams, json, &other, &reason));
    HOLDS(streams.count == 1 && record->tag == other.tag);
    other.body = SPAN("[\"1000\",\"x\"]");
    records_add(&records, &other);
    records_add(&records, record);
    char *memory = fuzz_memory(streams_memory(2));
    streams_sort(&records, memory);
    free(memory);
    HOLDS(records.count == 2 && records.last->next == NULL);
    if (streams_time(records.first->body, &first) && streams_time(records.last->body, &second))
        HOLDS(first <= second);
    HOLDS(streams_compose(&streams, &records, &edit));
    struct span body = render(&edit);
    HOLDS(strict_json(body));
    free((char *)body.at);
    edit_free(&edit);
    streams_free(&streams);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct json json;
    static const char *const members[] = {NULL, "date", "time", "timestamp"};
    char *copy = fuzz_memory(size + 1);
    struct record record = {.text = {copy, size}, .source = "line"};
    struct reason reason;
    struct timestamp time;
    if (size > 0)
        memcpy(copy, data, size);
    copy[size] = '\n';
    if (record_split(&json, &record, &reason)) {
        HOLDS(limits_longest_string(record.event.text) <= record.event.text.len);
        for (size_t i = 0; i < sizeof members / sizeof *members; i++)
            if (limits_time(&json, record.event.text, members[i], &time))
                HOLDS(time.nanos >= 0 && time.nanos < 1000000000);
        if (record.event.type == JSON_OBJECT)
            check_push(&json, &record);
    }
    free(record.decoded);
    free(copy);
    return 0;
}
