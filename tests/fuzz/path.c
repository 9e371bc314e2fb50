/* path: audit-path's transform of a record.
 *
 * Input: a byte (layout, zone, user id), a pattern up to a NUL, and a record.  The path is made of
 * safe components, the event is unchanged, and both are the same every time. */
#include "config.h"

#include "filter/addressing.h"
#include "render.h"
#include "strict.h"

/* Whether no component is empty, "." or "..", and there are no characters that neither the pattern
 * nor a value can have. */
static bool is_safe(struct span path, const char *pattern)
{
    const char *from = path.at;
    if (path.len == 0 || path.len > LAYOUT_PATH)
        return false;
    for (const char *at = from; at <= span_end(path); at++) {
        if (at == span_end(path) || *at == '/') {
            struct span component = span_between(from, at);
            if (component.len == 0 || span_equal(component, SPAN(".")) ||
                span_equal(component, SPAN("..")))
                return false;
            from = at + 1;
        } else if (!layout_is_component((struct span){at, 1}) && strchr("._-=", *at) == NULL &&
                   (pattern == NULL || strchr(pattern, *at) == NULL)) {
            return false;
        }
    }
    return true;
}

/* The event in a line, bare or addressed. */
static struct span event_of(struct span line, struct span *path)
{
    struct span name[2], value[2], third, none;
    if (strict_member(line, 0, &name[0], &value[0]) &&
        strict_member(line, 1, &name[1], &value[1]) && span_equal(name[0], SPAN("path")) &&
        *value[0].at == '"' && span_equal(name[1], SPAN("event")) && *value[1].at == '{' &&
        !strict_member(line, 2, &third, &none)) {
        *path = (struct span){value[0].at + 1, value[0].len - 2};
        return value[1];
    }
    const char *from = line.at, *end = span_end(line);
    while (strchr(" \t\r\n", *from) != NULL)
        from++;
    while (strchr(" \t\r\n", end[-1]) != NULL)
        end--;
    *path = (struct span){NULL, 0};
    return span_between(from, end);
}

static bool run(struct addressing *addressing, struct span record, struct span *line)
{
    struct edit edit = {NULL, 0, 0, false};
    struct reason reason = {""};
    enum verdict verdict = addressing_transform(addressing, record, &edit, &reason);
    HOLDS(verdict == VERDICT_EDIT || (verdict == VERDICT_REJECT && reason.text[0] != '\0'));
    if (verdict == VERDICT_EDIT)
        *line = render(&edit);
    edit_free(&edit);
    return verdict == VERDICT_EDIT;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct addressing addressing, other;
    static const char *const names[] = {"current", "legacy", "hive", NULL};
    struct span record = {(const char *)data, size}, line, path, again, ignored;
    struct reason reason;
    uint8_t how = fuzz_byte(&record);
    char *pattern = fuzz_string(fuzz_field(&record));
    const char *layout = names[how % 4] != NULL ? names[how % 4] : pattern;
    bool named = layout != pattern || strchr(pattern, '{') == NULL;
    memset(&addressing, 0, sizeof addressing);
    memset(&other, how, sizeof other);
    other.print = false;
    addressing.layout.zone = (how & 4) != 0 ? ZONE_RECORD : ZONE_UTC;
    addressing.layout.user_id = (how & 8) != 0 ? SPAN("77") : (struct span){NULL, 0};
    if (layout_parse(&addressing.layout, layout, named && (how & 16) != 0, &reason)) {
        other.layout = addressing.layout;
        char *copy = fuzz_copy(record);
        bool good = run(&addressing, (struct span){copy, record.len}, &line);
        HOLDS(good == run(&other, record, &again));
        HOLDS(!good || strict_json(record));
        if (good) {
            HOLDS(span_equal(line, again) && strict_json(line));
            struct span event = event_of(line, &path);
            HOLDS(path.at != NULL && span_equal(event, event_of(record, &ignored)));
            char *decoded = fuzz_memory(path.len);
            size_t len;
            HOLDS(strict_decode(path, decoded, &len));
            HOLDS(is_safe((struct span){decoded, len}, named ? NULL : pattern));
            free(decoded);
            free((char *)again.at);
            free((char *)line.at);
        }
        free(copy);
    }
    free(pattern);
    return 0;
}
