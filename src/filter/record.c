#include "config.h"

#include "event/addressed.h"
#include "filter/record.h"
#include "json/json_reason.h"
#include "json/json_string.h"

#include <stdlib.h>

/* Sets the name: the path itself or, if it has escapes, the decoded path. */
static void decode_path(struct record *record)
{
    struct span path = record->path;
    size_t len;
    if (memchr(path.at, '\\', path.len) == NULL) {
        record->name = path;
        return;
    }
    char *decoded = realloc(record->decoded, path.len); /* the record may be split again */
    if (decoded == NULL)
        return;
    record->decoded = decoded;
    if (json_string_decode(path, decoded, path.len, &len) && memchr(decoded, '\0', len) == NULL)
        record->name = (struct span){decoded, len};
}

bool record_split(struct json *json, struct record *record, struct reason *reason)
{
    struct addressed addressed;
    if (!addressed_split(json, record->text, &addressed, &record->event)) {
        record->event = (struct json_value){JSON_NONE, {"", 0}};
        return json_reason(json, reason);
    }
    record->path = addressed.path;
    if (record->path.at != NULL)
        decode_path(record);
    record->body = record->event.text;
    record->size = record->body.len;
    return true;
}
