/* reply: what the answer of an HTTP log service means. */
#ifndef REPLY_H
#define REPLY_H

#include "deliver/deliver.h"
#include "post/preset.h"

/* Judges an answer that came: a service's judge(), but for what concerns authentication.  secret is
 * what must not be repeated in a reason, NULL: nothing. */
enum answer reply_judge(enum reply_style style, struct request *request,
                        const struct http_reply *reply, const char *secret, struct reason *reason);

#endif
