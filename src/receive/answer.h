/* answer: what a request is answered, in the form that its sender expects. */
#ifndef ANSWER_H
#define ANSWER_H

#include "receive/body.h"

#include <microhttpd.h>

/* How senders of one kind want to hear that events were taken. */
enum answer_style {
    ANSWER_PLAIN,  /* {"events":N} */
    ANSWER_SPLUNK, /* {"text":"Success","code":0,"events":N} */
    ANSWER_HEALTH, /* {"status":"ok"} */
    ANSWER_BULK,   /* {"took":0,"errors":false,"items":[{"create":{"status":201}},...]} */
};

struct answer {
    unsigned status;
    enum answer_style style;
    size_t events;
    const char *error;     /* what is wrong, for any status but 200 */
    const char *challenge; /* of a 401: the value of WWW-Authenticate; NULL: none */
    bool close;            /* the connection ends with this answer */
};

/* Makes the answers that are used again and again.  False: no memory. */
bool answer_begin(void);
void answer_end(void);

/* Queues the answer to the connection's request. */
enum MHD_Result answer_queue(struct MHD_Connection *connection, const struct answer *answer);

#endif
