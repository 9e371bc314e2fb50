/* reply: what the answer of an HTTP log service means: a function of the answer's bytes alone. */
#ifndef REPLY_H
#define REPLY_H

#include "deliver/service.h"
#include "post/preset.h"
#include "json/json.h"

/* Judges an answer that came to a request of judgement->count records: a service's judge(), but for
 * what concerns authentication.  A text that repeats a secret is not quoted in reasons.  json is a
 * reader for the moment. */
void reply_judge(enum reply_style style, const struct http_reply *reply, struct json *json,
                 struct judgement *judgement);

#endif
