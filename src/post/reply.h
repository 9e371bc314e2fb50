/* reply: what the response of an HTTP log service means: a function of its bytes alone. */
#ifndef REPLY_H
#define REPLY_H

#include "deliver/service.h"
#include "post/preset.h"
#include "json/json.h"

/* Judges the response to a request of judgement->count records: a service's judge(), except for
 * authentication.  Reasons quote no text that contains a secret.  json is a temporary reader. */
void reply_judge(enum reply_style style, const struct http_reply *reply, struct json *json,
                 struct judgement *judgement);

#endif
