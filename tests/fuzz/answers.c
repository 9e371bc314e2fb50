/* answers: what services and stores say, and what is made of it.
 *
 * Input: three bytes (the style, the status, the number of events), and the answer's body.  Each
 * event is settled once at most, what counts as delivered was said to be, no reason has a control
 * character in it, and no answer makes anything but a reason. */
#include "config.h"

#include "fuzz.h"
#include "s3/s3_error.h"

#include <cjson/cJSON.h>

/* What deliver.c has of this name needs a run around it. */
#define deliver_settle settle
#include "../../src/post/reply.c"
#undef deliver_settle

/* take_token() is what is of interest here. */
#define fail    oauth2_fail
#define explain oauth2_explain
#include "../../src/post/oauth2.c"
#undef fail
#undef explain

enum { MOST = 8 };
static struct entry entries[MOST];
static unsigned rejects;

void settle(struct request *request, struct entry *entry, enum outcome outcome, const char *reason)
{
    HOLDS(entry >= entries && entry < entries + request->entries.count);
    HOLDS(!entry->judged);
    HOLDS((outcome == OUTCOME_REJECTED) == (reason != NULL));
    HOLDS(reason == NULL || (reason[0] != '\0' && fuzz_is_tame(reason)));
    entry->judged = true;
    entry->outcome = (int)outcome;
    rejects += outcome == OUTCOME_REJECTED;
}

/* The last member of that name, as the tools' own reader has it. */
static const cJSON *last_member(const cJSON *object, const char *name)
{
    const cJSON *found = NULL;
    if (cJSON_IsObject(object))
        for (const cJSON *member = object->child; member != NULL; member = member->next)
            if (strcmp(member->string, name) == 0)
                found = member;
    return found;
}

/* The status of the n-th item of a _bulk answer, as cJSON reads it; 0: it has none. */
static int item_status(const cJSON *answer, size_t n)
{
    const cJSON *item = cJSON_GetArrayItem(last_member(answer, "items"), (int)n);
    const cJSON *status = last_member(item != NULL ? item->child : NULL, "status");
    return cJSON_IsNumber(status) ? status->valueint : 0;
}

/* Events that were settled as delivered by a _bulk answer have a status that says so. */
static void check_bulk(const struct http_reply *reply, size_t count)
{
    cJSON *answer = cJSON_ParseWithLength(reply->body.at, reply->body.len);
    for (size_t i = 0; answer != NULL && i < count; i++) {
        int status = item_status(answer, i);
        if (entries[i].judged && entries[i].outcome == OUTCOME_DELIVERED)
            HOLDS(status >= 200 && status <= 299);
        if (entries[i].judged && entries[i].outcome == OUTCOME_EXISTS)
            HOLDS(status == 409);
    }
    cJSON_Delete(answer);
}

static void check_reply(struct span bytes)
{
    static const long statuses[] = {200, 200, 200, 201, 204, 260, 301, 400, 400,
                                    401, 403, 404, 408, 413, 429, 500, 503, 999};
    struct request request = {.entries = {entries, NULL, 0}};
    enum reply_style style = fuzz_byte(&bytes) % 4;
    struct http_reply reply = {
        .status = statuses[fuzz_byte(&bytes) % (sizeof statuses / sizeof *statuses)]};
    struct reason reason = {""};
    request.entries.count = 1 + fuzz_byte(&bytes) % MOST;
    memset(entries, 0, sizeof entries);
    for (size_t i = 0; i + 1 < request.entries.count; i++)
        entries[i].next = &entries[i + 1];
    request.entries.last = &entries[request.entries.count - 1];
    reply.body = bytes;
    rejects = 0;
    enum answer answer = reply_judge(style, &request, &reply, "s3cret", &reason);
    HOLDS(fuzz_is_tame(reason.text) && strstr(reason.text, "s3cret") == NULL);
    HOLDS(answer == ANSWER_DELIVERED || reason.text[0] != '\0');
    if (answer == ANSWER_DELIVERED)
        HOLDS(reply.status >= 200 && reply.status <= 299 && rejects == 0 &&
              !(style == REPLY_LOKI && reply.status == 260));
    if (style == REPLY_BULK)
        check_bulk(&reply, request.entries.count);
}

static void check_token(struct span bytes)
{
    static struct oauth2 oauth2;
    const int64_t now = 1000000;
    if (take_token(&oauth2, bytes, now)) {
        HOLDS(oauth2.token[0] != '\0' && header_is_value(span_of(oauth2.token)));
        HOLDS(oauth2.expires_at >= now + RETRY_SECOND && oauth2.renew_at >= now);
        HOLDS(oauth2.renew_at <= oauth2.expires_at);
    }
    drop_token(&oauth2);
}

static void check_s3_error(struct span bytes)
{
    struct s3_error error;
    bool is = s3_error_read(bytes, &error);
    HOLDS(is == (error.code[0] != '\0'));
    HOLDS(strlen(error.code) < sizeof error.code && strlen(error.message) < sizeof error.message);
    HOLDS(strlen(error.region) < sizeof error.region);
    HOLDS(strlen(error.server_time) < sizeof error.server_time);
}

static void check_retry_after(struct span bytes)
{
    char *value = fuzz_string(bytes);
    int64_t wait = retry_after(value, 1700000000);
    HOLDS(wait == -1 || (wait >= 0 && wait <= 366 * 86400 * RETRY_SECOND));
    free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = {(const char *)data, size};
    check_reply(bytes);
    check_token(bytes);
    check_s3_error(bytes);
    check_retry_after(bytes);
    return 0;
}
