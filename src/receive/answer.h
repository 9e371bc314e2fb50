/* answer: the response to a request, in the form that its sender expects. */
#ifndef ANSWER_H
#define ANSWER_H

#include "receive/body.h"

#include <microhttpd.h>

/* The form in which senders of one kind expect an acknowledgement. */
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
    const char *error;     /* what is wrong, for any status except 200 */
    const char *challenge; /* of a 401: the value of WWW-Authenticate; NULL: none */
    bool close;            /* the connection is closed after this response */
};

/* Makes the responses that are used repeatedly.  False: no memory. */
bool answer_begin(void);
void answer_end(void);

/* Queues the response to the connection's request. */
enum MHD_Result answer_queue(struct MHD_Connection *connection, const struct answer *answer);

#endif
