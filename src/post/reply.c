#include "config.h"

#include "deliver/retry.h"
#include "post/reply.h"

#include <cjson/cJSON.h>

/* "HTTP 400: " and what the answer says, if that is text for people and holds no secret. */
static void explain(const struct http_reply *reply, const char *secret, struct reason *reason)
{
    enum { SHOWN = 240 };
    struct span said = reply->body;
    while (said.len > 0 && (said.at[said.len - 1] == '\n' || said.at[said.len - 1] == '\r'))
        said.len--;
    bool markup = said.len > 0 && said.at[0] == '<';
    bool leaks = secret != NULL && memmem(said.at, said.len, secret, strlen(secret)) != NULL;
    reason_set(reason, "HTTP %ld", reply->status);
    if (said.len == 0 || markup || leaks)
        return;
    reason_append(reason, SPAN(": "));
    reason_append(reason, (struct span){said.at, said.len < SHOWN ? said.len : SHOWN});
    if (said.len > SHOWN)
        reason_append(reason, SPAN("..."));
}

static enum answer by_status(long status)
{
    switch (retry_status(status)) {
    case RETRY_SLOW_DOWN:
        return ANSWER_SLOW_DOWN;
    case RETRY_LATER:
        return ANSWER_RETRY;
    default:
        break;
    }
    if (status >= 200 && status <= 299)
        return ANSWER_DELIVERED;
    switch (status) {
    case 401:
        return ANSWER_MISCONFIGURED;
    case 413:
        return ANSWER_TOO_LARGE;
    case 403:
    case 404:
    case 405:
    case 407:
    case 411:
    case 415:
    case 501:
        return ANSWER_REFUSED;
    default:
        /* A redirection is not followed: the credential is for this address alone. */
        return status < 400 ? ANSWER_REFUSED : status < 500 ? ANSWER_BAD : ANSWER_REJECTED;
    }
}

/* Splunk says with a 400 which event, counted from 0, is the first that is wrong: those before it
 * are indexed already, those after it were not looked at. */
static enum answer judge_splunk_400(const cJSON *json, struct judgement *judgement)
{
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(json, "invalid-event-number");
    if (!cJSON_IsNumber(number) || number->valuedouble < 0 ||
        number->valuedouble >= (double)judgement->count)
        return ANSWER_BAD;
    size_t wrong = (size_t)number->valuedouble;
    for (size_t i = 0; i < wrong; i++)
        judgement_settle(judgement, i, ANSWER_DELIVERED, NULL);
    judgement_settle(judgement, wrong, ANSWER_REJECTED, judgement->reason.text);
    return ANSWER_AGAIN;
}

static void judge_splunk(const struct http_reply *reply, struct judgement *judgement)
{
    cJSON *json = cJSON_ParseWithLength(reply->body.at, reply->body.len);
    if (reply->status == 400) {
        judgement->answer = judge_splunk_400(json, judgement);
    } else if (judgement->answer == ANSWER_DELIVERED) {
        const cJSON *code = cJSON_GetObjectItemCaseSensitive(json, "code");
        if (!cJSON_IsNumber(code) || code->valueint != 0) {
            reason_set(&judgement->reason, "HTTP %ld without the code 0 that Splunk gives",
                       reply->status);
            judgement->answer = ANSWER_RETRY;
        }
    }
    cJSON_Delete(json);
}

struct item {
    long status;
    struct span error; /* the error member's text */
};

/* An HTTP status; 0: the value is none.  The answer may end with it. */
static long read_status(const struct json_value *value)
{
    long status = 0;
    if (value->type != JSON_NUMBER || value->text.len != 3)
        return 0;
    for (size_t i = 0; i < 3; i++) {
        if (value->text.at[i] < '0' || value->text.at[i] > '9')
            return 0;
        status = status * 10 + (value->text.at[i] - '0');
    }
    return status;
}

/* One element of "items": {"create":{…"status":201,"error":{…}…}}. */
static bool read_item(struct json *json, struct item *item)
{
    struct json_key key;
    struct json_value value;
    *item = (struct item){0, {"", 0}};
    if (!json_object(json) || !json_member(json, &key) || !json_object(json))
        return false;
    while (json_member(json, &key)) {
        if (!json_value(json, &value))
            return false;
        if (json_key_is(&key, SPAN("status")))
            item->status = read_status(&value);
        else if (json_key_is(&key, SPAN("error")))
            item->error = value.text;
    }
    return item->status != 0 && !json_member(json, &key);
}

/* Settles the event unless it may be sent again; an item's answer then says how. */
static void settle_item(struct judgement *judgement, size_t index, const struct item *item)
{
    struct reason reason;
    enum answer answer = by_status(item->status);
    if (answer == ANSWER_SLOW_DOWN)
        judgement->answer = ANSWER_SLOW_DOWN;
    if (answer == ANSWER_RETRY || answer == ANSWER_SLOW_DOWN)
        return;
    reason_set(&reason, "HTTP %ld for this event: ", item->status);
    reason_append(&reason, item->error);
    if (item->status == 409)
        judgement_settle(judgement, index, ANSWER_EXISTS, NULL);
    else if (answer == ANSWER_DELIVERED)
        judgement_settle(judgement, index, ANSWER_DELIVERED, NULL);
    else
        judgement_settle(judgement, index, ANSWER_REJECTED, reason.text);
}

/* Reads "items"; with judgement NULL only counts them.  False: the answer is not what it should be.
 */
static bool read_items(struct json *json, struct judgement *judgement, size_t *count)
{
    struct item item;
    if (!json_array(json))
        return false;
    for (*count = 0; json_element(json); ++*count) {
        if (!read_item(json, &item))
            return false;
        if (judgement != NULL && *count < judgement->count)
            settle_item(judgement, *count, &item);
    }
    return true;
}

/* Goes over the document; *errors is the member of that name. */
static bool read_bulk(struct span body, struct judgement *judgement, bool *errors, size_t *count)
{
    static struct json json;
    struct json_key key;
    struct json_value value;
    bool told = false;
    json_begin(&json, body.at, body.len);
    if (!json_object(&json))
        return false;
    while (json_member(&json, &key)) {
        if (json_key_is(&key, SPAN("items"))) {
            if (!read_items(&json, judgement, count))
                return false;
        } else if (!json_value(&json, &value)) {
            return false;
        } else if (json_key_is(&key, SPAN("errors"))) {
            told = value.type == JSON_FALSE || value.type == JSON_TRUE;
            *errors = value.type == JSON_TRUE;
        }
    }
    return json_end(&json) && told;
}

static void judge_bulk(const struct http_reply *reply, struct judgement *judgement)
{
    bool errors = false;
    size_t count = 0;
    if (judgement->answer != ANSWER_DELIVERED)
        return;
    judgement->answer = ANSWER_RETRY;
    if (reply->cut || !read_bulk(reply->body, NULL, &errors, &count) || count != judgement->count) {
        reason_set(&judgement->reason,
                   "HTTP %ld, but the answer does not tell what became of each event",
                   reply->status);
        return;
    }
    if (!errors) {
        judgement->answer = ANSWER_DELIVERED;
        return;
    }
    reason_set(&judgement->reason, "the service has taken only a part of the batch");
    read_bulk(reply->body, judgement, &errors, &count);
}

void reply_judge(enum reply_style style, const struct http_reply *reply, const char *secret,
                 struct judgement *judgement)
{
    judgement->answer = by_status(reply->status);
    if (judgement->answer == ANSWER_DELIVERED && style == REPLY_STATUS)
        return;
    explain(reply, secret, &judgement->reason);
    if (style == REPLY_SPLUNK) {
        judge_splunk(reply, judgement);
    } else if (style == REPLY_BULK) {
        judge_bulk(reply, judgement);
    } else if (style == REPLY_LOKI && reply->status == 260) {
        reason_set(&judgement->reason, "HTTP 260: the tenant is blocked, nothing was taken");
        judgement->answer = ANSWER_MISCONFIGURED;
    }
}
