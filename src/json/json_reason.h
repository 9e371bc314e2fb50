/* json_reason: turns a reader's error into the reason for rejecting a record. */
#ifndef JSON_REASON_H
#define JSON_REASON_H

#include "base/diag.h"
#include "json/json.h"

/* Sets the reason to "byte 17: " and the error there; the byte is counted from 1.  Returns
 * false. */
bool json_reason(const struct json *json, struct reason *reason);

#endif
