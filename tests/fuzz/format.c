/* format: audit-format's output for a text.
 *
 * Input: a byte (the options), and a text.  The output is JSON without white space, and formatting
 * it again does not change it; a text without an event is unchanged, but compact. */
#include "config.h"

#include "filter/format.h"
#include "render.h"
#include "strict.h"

/* The same whether the text before had its event in a wrapper or not. */
static enum format_result format_after(bool wrapped, uint8_t options, struct span text,
                                       struct span *out, enum event_kind *kind)
{
    struct format format = {
        .wrapped = wrapped,
        .streams = 1 + options % 7,
        .keep_duplicates = (options & 8) != 0,
        .zero_retention = (options & 16) != 0,
    };
    struct edit edit = {NULL, 0, 0, false};
    enum format_result result = format_text(&format, text, &edit);
    HOLDS(result != FORMAT_NO_MEMORY);
    *out =
        result == FORMAT_EVENT || result == FORMAT_UNKNOWN ? render(&edit) : (struct span){NULL, 0};
    *kind = format.kind;
    if (result == FORMAT_PAGE)
        HOLDS(format.page.at > text.at && span_end(format.page) < span_end(text) &&
              *format.page.at == '[' && strict_json(format.page));
    edit_free(&edit);
    format_free(&format);
    return result;
}

static enum format_result format_once(uint8_t options, struct span text, struct span *out,
                                      enum event_kind *kind)
{
    struct span other;
    enum event_kind other_kind;
    enum format_result result = format_after(false, options, text, out, kind);
    HOLDS(format_after(true, options, text, &other, &other_kind) == result && other_kind == *kind);
    HOLDS((other.at == NULL) == (out->at == NULL) && span_equal(other, *out));
    free((char *)other.at);
    return result;
}

/* Whether there is white space outside strings, or the bytes are not JSON. */
static bool is_compact(struct span text)
{
    char *compact = fuzz_memory(text.len);
    bool same = strict_json(text) && strict_compact(text, compact) == text.len;
    free(compact);
    return same;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = {(const char *)data, size}, once, twice;
    uint8_t options = fuzz_byte(&text);
    enum event_kind kind, again;
    enum format_result result = format_once(options, text, &once, &kind);
    HOLDS((result == FORMAT_WRONG) == !strict_json(text));
    HOLDS((result == FORMAT_EVENT || result == FORMAT_LEFT_OUT) == (kind != EVENT_UNKNOWN));
    if (once.at != NULL) {
        HOLDS(is_compact(once));
        HOLDS(format_once(options, once, &twice, &again) == result && again == kind);
        HOLDS(span_equal(once, twice));
        free((char *)twice.at);
    }
    if (result == FORMAT_UNKNOWN) {
        char *compact = fuzz_memory(text.len);
        HOLDS(once.len == strict_compact(text, compact));
        HOLDS(memcmp(once.at, compact, once.len) == 0);
        free(compact);
    }
    free((char *)once.at);
    return 0;
}
