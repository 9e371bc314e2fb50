/* post: HTTP log services as destinations of deliver: what a request is, and what a response
 * means. */
#ifndef POST_H
#define POST_H

#include "deliver/receipts.h"
#include "deliver/retry.h"
#include "deliver/service.h"
#include "post/auth.h"
#include "post/oauth2.h"
#include "post/preset.h"
#include "post/response.h"

struct post {
    /* Set by the user's options; credential, URL and headers stay the caller's. */
    const struct preset *preset;
    const char *url;
    bool url_secret; /* its path must not appear in messages either */
    struct auth auth;
    struct oauth2 oauth2; /* for AUTH_OAUTH2: token_url, scope, basic */
    enum framing framing;
    const char *content_type;
    const struct curl_slist *headers; /* further header fields */
    size_t event_limit;               /* bytes of an event; 0: no limit */
    size_t request_limit;             /* bytes of a request with one event in it; 0: no limit */
    bool gzip;
    bool dry_run; /* bodies are shown and not compressed */

    struct service service;   /* the batch_ members are the caller's to set */
    int64_t max_age;          /* seconds; an older event is rejected.  0: no limit */
    const char *max_age_text; /* the same as the user wrote it: "18h" */
    bool max_age_preset;      /* … and it is the preset's */

    struct json json;
    struct streams streams;
    uint64_t generation; /* of the settings on the handles; stays 0 without a token */
    char name[512];      /* the URL, for messages */
};

/* Sets up post->service.  False after a message. */
bool post_begin(struct post *post, const struct retry_policy *policy);

void post_end(struct post *post);

#endif
