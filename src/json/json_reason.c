#include "config.h"

#include "json/json_reason.h"

bool json_reason(const struct json *json, struct reason *reason)
{
    char message[JSON_MESSAGE];
    return reason_set(reason, "%s", json_error_message(json_error(json), message));
}
