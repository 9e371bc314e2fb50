#include "config.h"

#include "event/event.h"
#include "post/limits.h"

#include <stdlib.h>

/* Skips an escape; returns how many bytes of UTF-8 it stands for. */
static size_t skip_escape(const char **at)
{
    unsigned long code;
    char digits[5] = "";
    if ((*at)[1] != 'u') {
        *at += 2;
        return 1;
    }
    memcpy(digits, *at + 2, 4);
    *at += 6;
    code = strtoul(digits, NULL, 16);
    /* Each half of a surrogate pair counts as half of the pair's four bytes. */
    return code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 2 : 3;
}

size_t limits_longest_string(struct span text)
{
    size_t longest = 0;
    const char *at = text.at, *end = span_end(text);
    while ((at = memchr(at, '"', (size_t)(end - at))) != NULL) {
        size_t len = 0;
        for (at++; *at != '"';) {
            const char *from = at;
            if (*at == '\\') {
                len += skip_escape(&at);
                continue;
            }
            while (*at != '"' && *at != '\\')
                at++;
            len += (size_t)(at - from);
        }
        at++;
        if (len > longest)
            longest = len;
    }
    return longest;
}

/* A number since 1970.  Seconds are below 1e11 until the year 5138, and so on. */
static bool read_number(struct span text, struct timestamp *time)
{
    char copy[40];
    char *end;
    if (text.len == 0 || text.len >= sizeof copy)
        return false;
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    double number = strtod(copy, &end);
    if (end == copy || *end != '\0' || !(number >= 0 && number < 1e20))
        return false;
    for (double most = 1e11; number >= 1e11 && most < 1e20; most *= 1e3)
        number /= 1e3;
    *time = (struct timestamp){.seconds = (int64_t)number};
    return true;
}

bool limits_time(struct json *json, struct span object, const char *member, struct timestamp *time)
{
    struct json_key key;
    struct json_value value;
    struct event event;
    struct reason reason;
    json_begin(json, object.at, object.len);
    if (member != NULL && json_object(json)) {
        while (json_member(json, &key) && json_value(json, &value))
            if (json_key_is(&key, span_of(member))) {
                struct span content = event_content(&value);
                return timestamp_parse(content, time) || read_number(content, time);
            }
        json_begin(json, object.at, object.len);
    }
    return json_peek(json) == JSON_OBJECT && event_read(json, 0, NULL, NULL, &event) &&
           event.kind != EVENT_UNKNOWN && event_time(&event, time, &reason);
}
