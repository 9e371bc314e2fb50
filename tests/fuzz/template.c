/* template: templates and the messages made from them.
 *
 * Input: a template up to a NUL, and a record (one of our own if there is none).  A message of an
 * accepted template is JSON, a path is unchanged, and log_message_str decodes to the event. */
#include "config.h"

#include "filter/message.h"
#include "render.h"
#include "strict.h"

static const struct span sample = SPAN_INIT(
    "{\"path\":\"a\\u002fb\",\"event\":{\"event\":\"x\\n\",\"timestamp\":\"2024-05-01T02:03:04."
    "5+02:00\",\"team\":{\"id\":1,\"name\":\"\\\"\"},\"n\":[1.0e5,\"\\ud800\"]}}");

/* The message for the record, to be freed; at == NULL: it is a reject. */
static struct span fill(struct template *template, struct span record)
{
    static const struct timestamp now = {1685683801, 2123456, -14400};
    static struct message message;
    struct edit edit = {NULL, 0, 0, false};
    struct reason reason = {""};
    struct span line = {NULL, 0};
    message.template = template;
    message.now = &now;
    enum verdict verdict = message_transform(&message, record, &edit, &reason);
    HOLDS(verdict == VERDICT_EDIT || (verdict == VERDICT_REJECT && reason.text[0] != '\0'));
    if (verdict == VERDICT_EDIT)
        line = render(&edit);
    edit_free(&edit);
    return line;
}

/* log_message_str in a template of its own, in a string and as one. */
static void check_decoded(struct span record)
{
    static const struct span own = SPAN_INIT("[{{{log_message}}},{{{log_message_str}}}"
                                             ",\"{{log_message_str}}\"]");
    struct template template;
    struct template_error error;
    HOLDS(template_compile(&template, own, &error));
    struct span line = fill(&template, record), name, message = line;
    if (line.at != NULL) {
        if (*line.at == '{')
            HOLDS(strict_member(line, 1, &name, &message));
        HOLDS(strict_json(line));
        /* [event,"event","event"] */
        size_t half = 0;
        char *decoded = fuzz_memory(message.len);
        for (size_t at = 2; at < message.len && half == 0; at++) {
            size_t len;
            struct span event = {message.at + 1, at - 1};
            struct span rest = {message.at + at, message.len - at - 1};
            if (rest.len % 2 != 0 || rest.len < 6 || *rest.at != ',' || !strict_json(event))
                continue;
            struct span string = {rest.at + 2, rest.len / 2 - 3};
            HOLDS(strict_decode(string, decoded, &len));
            HOLDS(span_equal(event, (struct span){decoded, len}));
            HOLDS(memcmp(rest.at, rest.at + rest.len / 2, rest.len / 2) == 0);
            half = rest.len / 2;
        }
        HOLDS(half > 0);
        free(decoded);
        free((char *)line.at);
    }
    template_free(&template);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span record = {(const char *)data, size};
    struct span text = fuzz_field(&record), value[2], name;
    struct template template;
    struct template_error error = {0, 0, {""}};
    if (record.len == 0)
        record = sample;
    char *copy = fuzz_copy(text);
    bool good = template_compile(&template, (struct span){copy, text.len}, &error);
    HOLDS(good || (error.line > 0 && error.column > 0 && error.why.text[0] != '\0'));
    if (good) {
        struct span line = fill(&template, record);
        if (line.at != NULL) {
            HOLDS(strict_json(record) && strict_json(line));
            if (strict_member(record, 0, &name, &value[0]) && span_equal(name, SPAN("path")) &&
                strict_member(line, 0, &name, &value[1]) && span_equal(name, SPAN("path")) &&
                strict_member(record, 1, &name, &(struct span){NULL, 0}) &&
                span_equal(name, SPAN("event")))
                HOLDS(span_equal(value[0], value[1]));
            free((char *)line.at);
        }
    }
    template_free(&template);
    free(copy);
    check_decoded(record);
    return 0;
}
