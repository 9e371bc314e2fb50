#include "config.h"

#include "seal/seal_path.h"

bool seal_path_check(struct span path, struct reason *reason)
{
    if (path.len == 0)
        return reason_set(reason, "the path is empty");
    if (path.len > SEAL_PATH_MAX)
        return reason_set(reason, "the path is longer than %d bytes", SEAL_PATH_MAX);
    if (memchr(path.at, '\0', path.len) != NULL)
        return reason_set(reason, "the path contains a NUL character");
    const char *from = path.at, *end = span_end(path);
    while (from <= end) {
        const char *slash = memchr(from, '/', (size_t)(end - from));
        struct span component = span_between(from, slash != NULL ? slash : end);
        if (component.len == 0)
            return reason_set(reason, "the path begins or ends with '/', or contains '//'");
        if (span_equal(component, SPAN(".")) || span_equal(component, SPAN("..")))
            return reason_set(reason, "the path has a component '.' or '..'");
        from = span_end(component) + 1;
    }
    return true;
}

size_t seal_path_escape(struct span path, char text[SEAL_PATH_ESCAPED], bool *escaped)
{
    char *to = text;
    *escaped = memchr(path.at, '\\', path.len) != NULL || memchr(path.at, '\n', path.len) != NULL ||
               memchr(path.at, '\r', path.len) != NULL;
    if (!*escaped) {
        memcpy(text, path.at, path.len);
        return path.len;
    }
    for (size_t i = 0; i < path.len; i++) {
        char c = path.at[i];
        if (c != '\\' && c != '\n' && c != '\r') {
            *to++ = c;
            continue;
        }
        *to++ = '\\';
        *to++ = c == '\n' ? 'n' : c == '\r' ? 'r' : '\\';
    }
    return (size_t)(to - text);
}

bool seal_path_unescape(struct span text, char path[SEAL_PATH_MAX], size_t *len)
{
    bool any = false;
    *len = 0;
    for (const char *at = text.at; at < span_end(text); at++) {
        char c = *at;
        if (c == '\\') {
            if (++at == span_end(text) || (*at != 'n' && *at != 'r' && *at != '\\'))
                return false;
            c = *at == 'n' ? '\n' : *at == 'r' ? '\r' : '\\';
            any = true;
        }
        if (*len == SEAL_PATH_MAX)
            return false;
        path[(*len)++] = c;
    }
    return any;
}
