/* reply: what the answer of an HTTP log service means. */
#ifndef REPLY_H
#define REPLY_H

#include "deliver/service.h"
#include "post/preset.h"

/* Judges an answer that came to a request of judgement->count records: a service's judge(), but for
 * what concerns authentication.  secret is what must not be repeated in a reason, NULL: nothing. */
void reply_judge(enum reply_style style, const struct http_reply *reply, const char *secret,
                 struct judgement *judgement);

#endif
