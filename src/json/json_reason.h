/* json_reason: the error of a reader as the reason for which a record is rejected. */
#ifndef JSON_REASON_H
#define JSON_REASON_H

#include "base/diag.h"
#include "json/json.h"

/* Sets the reason to "byte 17: " and what is wrong there; the byte is counted from 1.  Returns
 * false. */
bool json_reason(const struct json *json, struct reason *reason);

#endif
