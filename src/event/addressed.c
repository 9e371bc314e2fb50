#include "config.h"

#include "event/addressed.h"
#include "json/json_string.h"

/* Reads {"path":"…","event": and stops before the event's value. */
static bool read_head(struct json *json, struct addressed *addressed)
{
    struct json_key key;
    struct json_value path;
    if (!json_object(json) || !json_member(json, &key) || !json_key_is(&key, SPAN("path")) ||
        json_peek(json) != JSON_STRING || !json_value(json, &path) || !json_member(json, &key) ||
        !json_key_is(&key, SPAN("event")))
        return false;
    addressed->path = (struct span){path.text.at + 1, path.text.len - 2};
    json_set_depth(json, JSON_DEPTH + 1); /* the event may be as deep as a bare one */
    return true;
}

bool addressed_begin(struct json *json, struct span record, struct addressed *addressed)
{
    json_begin(json, record.at, record.len);
    return addressed_again(json, addressed);
}

bool addressed_again(struct json *json, struct addressed *addressed)
{
    addressed->path = (struct span){NULL, 0};
    json_rewind(json);
    if (read_head(json, addressed) && json_peek(json) == JSON_OBJECT)
        return true;
    addressed->path = (struct span){NULL, 0};
    json_rewind(json);
    if (json_peek(json) == JSON_OBJECT)
        return true;
    if (json_at(json) != NULL)
        json_reject(json, JSON_ERROR_OBJECT, json_at(json));
    else
        json_value(json, NULL); /* for the error */
    return false;
}

bool addressed_end(struct json *json, const struct addressed *addressed)
{
    struct json_key key;
    if (addressed->path.at != NULL && json_member(json, &key))
        json_reject(json, JSON_ERROR_LAST_MEMBER, key.text.at - 1);
    return json_end(json);
}

bool addressed_split(struct json *json, struct span record, struct addressed *addressed,
                     struct json_value *event)
{
    struct json_key key;
    json_begin(json, record.at, record.len);
    if (read_head(json, addressed) && json_value(json, event) && !json_member(json, &key) &&
        json_end(json))
        return true;
    addressed->path = (struct span){NULL, 0};
    json_rewind(json);
    return json_value(json, event) && json_end(json);
}

bool addressed_path(const struct addressed *addressed, char *path, size_t size, size_t *len)
{
    if (size == 0 || !json_string_decode(addressed->path, path, size - 1, len) ||
        memchr(path, '\0', *len) != NULL)
        return false;
    path[*len] = '\0';
    return true;
}
