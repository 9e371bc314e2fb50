/* response: what the response of an HTTP log service means: a function of its bytes alone. */
#ifndef RESPONSE_H
#define RESPONSE_H

#include "deliver/service.h"
#include "post/preset.h"
#include "json/json.h"

/* Judges the response to a request of judgement->count records: a service's judge(), except for
 * authentication.  Reasons quote no text that contains a secret.  json is a temporary reader. */
void response_judge(enum response_style style, const struct http_response *response,
                    struct json *json, struct judgement *judgement);

#endif
