#include "config.h"

#include "base/redact.h"
#include "deliver/retry.h"
#include "post/response.h"

#include <stdio.h>

struct reading {
    const struct http_response *response;
    struct json *json;
    struct judgement *judgement;
};

/* Whether a message may quote the text: it contains no secret. */
static bool may_quote(struct span said)
{
    struct span found;
    return !redact_find(said, &found);
}

/* "HTTP 400: " and the body of the response, if that is readable text and contains no secret. */
static void explain(const struct reading *r)
{
    enum { SHOWN = 240, LOOKED_AT = 64 * 1024 }; /* bytes */
    struct span said = r->response->body;
    while (said.len > 0 && (said.at[said.len - 1] == '\n' || said.at[said.len - 1] == '\r'))
        said.len--;
    bool markup = said.len > 0 && said.at[0] == '<';
    reason_set(&r->judgement->reason, "HTTP %ld", r->response->status);
    if (said.len > LOOKED_AT)
        said.len = LOOKED_AT;
    if (said.len == 0 || markup || !may_quote(said))
        return;
    reason_append(&r->judgement->reason, SPAN(": "));
    reason_append(&r->judgement->reason,
                  (struct span){said.at, said.len < SHOWN ? said.len : SHOWN});
    if (said.len > SHOWN)
        reason_append(&r->judgement->reason, SPAN("..."));
}

static enum meaning by_status(long status)
{
    switch (retry_status(status)) {
    case RETRY_SLOW_DOWN:
        return MEANS_SLOW_DOWN;
    case RETRY_LATER:
        return MEANS_RETRY;
    default:
        break;
    }
    if (status >= 200 && status <= 299)
        return MEANS_DELIVERED;
    switch (status) {
    case 401:
        return MEANS_MISCONFIGURED;
    case 413:
        return MEANS_TOO_LARGE;
    case 403:
    case 404:
    case 405:
    case 407:
    case 411:
    case 415:
    case 501:
        return MEANS_REFUSED;
    default:
        /* Redirects are not followed: the credential is only for this address. */
        return status < 400 ? MEANS_REFUSED : status < 500 ? MEANS_BAD : MEANS_REJECTED;
    }
}

/* Reads a number of at most nine digits without sign, fraction and exponent; -1: the value is not
 * one. */
static long read_whole(const struct json_value *value)
{
    long number = 0;
    if (value->type != JSON_NUMBER || value->text.len > 9)
        return -1;
    for (size_t i = 0; i < value->text.len; i++) {
        if (value->text.at[i] < '0' || value->text.at[i] > '9')
            return -1;
        number = number * 10 + (value->text.at[i] - '0');
    }
    return number;
}

/* The fields of Splunk's responses; -1: absent, not a whole number, or repeated. */
struct splunk {
    long code;
    long invalid; /* the first invalid event, counted from 0 */
};

static void note(long *noted, bool *before, const struct json_value *value)
{
    *noted = *before ? -1 : read_whole(value);
    *before = true;
}

static struct splunk read_splunk(struct json *json, struct span body)
{
    struct splunk said = {-1, -1};
    struct json_key key;
    struct json_value value;
    bool code = false, invalid = false;
    json_begin(json, body.at, body.len);
    if (!json_object(json))
        return said;
    while (json_member(json, &key))
        if (!json_value(json, &value))
            break;
        else if (json_key_is(&key, SPAN("code")))
            note(&said.code, &code, &value);
        else if (json_key_is(&key, SPAN("invalid-event-number")))
            note(&said.invalid, &invalid, &value);
    return json_end(json) ? said : (struct splunk){-1, -1};
}

/* With a 400, Splunk reports the first invalid event: the events before it are indexed already,
 * those after it were not examined. */
static enum meaning refuse_one(struct judgement *judgement, long number)
{
    if (number < 0 || (size_t)number >= judgement->count)
        return MEANS_BAD;
    for (size_t i = 0; i < (size_t)number; i++)
        if (!judgement_settle(judgement, i, MEANS_DELIVERED, NULL))
            return judgement->meaning;
    return judgement_settle(judgement, (size_t)number, MEANS_REJECTED, judgement->reason.text)
               ? MEANS_AGAIN
               : judgement->meaning;
}

static void judge_splunk(const struct reading *r)
{
    struct judgement *judgement = r->judgement;
    struct splunk said = read_splunk(r->json, r->response->body);
    if (r->response->status == 400) {
        judgement->meaning = refuse_one(judgement, said.invalid);
    } else if (judgement->meaning == MEANS_DELIVERED && said.code != 0) {
        reason_set(&judgement->reason, "HTTP %ld without Splunk's code 0", r->response->status);
        judgement->meaning = MEANS_UNREADABLE;
    }
}

struct item {
    long status;
    struct span error; /* the error member's text */
};

/* One element of "items": {"create":{…"status":201,"error":{…}…}}.  False: it is not one, or has
 * two statuses. */
static bool read_item(struct json *json, struct item *item)
{
    struct json_key key;
    struct json_value value;
    bool seen = false;
    *item = (struct item){-1, {"", 0}};
    if (!json_object(json) || !json_member(json, &key) || !json_object(json))
        return false;
    while (json_member(json, &key)) {
        if (!json_value(json, &value))
            return false;
        if (json_key_is(&key, SPAN("status")))
            note(&item->status, &seen, &value);
        else if (json_key_is(&key, SPAN("error")))
            item->error = value.text;
    }
    return item->status >= 100 && item->status <= 999 && !json_member(json, &key);
}

/* Judges one item: its event was accepted, existed already, or is refused for good. */
static void judge_item(const struct reading *r, size_t index, const struct item *item)
{
    struct reason reason;
    enum meaning meaning = by_status(item->status);
    if (meaning == MEANS_RETRY || meaning == MEANS_SLOW_DOWN) {
        if (meaning == MEANS_SLOW_DOWN)
            r->judgement->meaning = meaning;
    } else if (item->status == 409) {
        judgement_settle(r->judgement, index, MEANS_EXISTS, NULL);
    } else if (meaning == MEANS_DELIVERED) {
        judgement_settle(r->judgement, index, MEANS_DELIVERED, NULL);
    } else {
        reason_set(&reason, "HTTP %ld for this event", item->status);
        if (item->error.len > 0 && may_quote(item->error)) {
            reason_append(&reason, SPAN(": "));
            reason_append(&reason, item->error);
        }
        judgement_settle(r->judgement, index, MEANS_REJECTED, reason.text);
    }
}

/* Reads "items".  False: they are not one for each event. */
static bool read_items(const struct reading *r)
{
    struct item item;
    size_t at = 0;
    if (!json_array(r->json))
        return false;
    for (; json_element(r->json); at++) {
        if (at == r->judgement->count || !read_item(r->json, &item))
            return false;
        judge_item(r, at, &item);
    }
    return at == r->judgement->count;
}

/* Reads the whole document.  Each item's status counts, whatever "errors" says. */
static bool read_bulk(const struct reading *r)
{
    struct json_key key;
    bool seen = false;
    json_begin(r->json, r->response->body.at, r->response->body.len);
    if (r->response->truncated || !json_object(r->json))
        return false;
    while (json_member(r->json, &key)) {
        if (!json_key_is(&key, SPAN("items"))) {
            if (!json_value(r->json, NULL))
                return false;
            continue;
        }
        if (seen || !read_items(r))
            return false;
        seen = true;
    }
    return json_end(r->json) && seen;
}

static void judge_bulk(const struct reading *r)
{
    struct judgement *judgement = r->judgement;
    size_t count = judgement->count;
    if (judgement->meaning != MEANS_DELIVERED)
        return;
    judgement->meaning = MEANS_RETRY;
    reason_set(&judgement->reason, "the service has taken only a part of the batch");
    if (read_bulk(r))
        return;
    judgement_end(judgement);
    judgement_begin(judgement, count);
    judgement->meaning = MEANS_UNREADABLE;
    reason_set(&judgement->reason, "HTTP %ld, but the response lacks the outcome of some events",
               r->response->status);
}

/* Reads "total ignored: N out of M". */
static bool read_ignored(struct span body, unsigned long *ignored, unsigned long *all)
{
    static const char phrase[] = "total ignored: ";
    char numbers[48];
    const char *at = memmem(body.at, body.len, phrase, sizeof phrase - 1);
    if (at == NULL)
        return false;
    at += sizeof phrase - 1;
    size_t len = (size_t)(span_end(body) - at);
    len = len < sizeof numbers - 1 ? len : sizeof numbers - 1;
    memcpy(numbers, at, len);
    numbers[len] = '\0';
    return sscanf(numbers, "%9lu out of %9lu", ignored, all) == 2;
}

/* With a 400, Loki has stored a part of the push; if it were sent again, that part would be refused
 * as too far behind the newest entry.  Loki ignores the oldest entries, and the records are sorted:
 * if the response says how many of how many entries were ignored, and each record is one entry, the
 * ignored records are known. */
static void judge_loki(const struct reading *r)
{
    struct judgement *judgement = r->judgement;
    unsigned long ignored, all;
    if (r->response->status == 260) {
        reason_set(&judgement->reason, "HTTP 260: the tenant is blocked, nothing was taken");
        judgement->meaning = MEANS_MISCONFIGURED;
    }
    if (r->response->status != 400 || !read_ignored(r->response->body, &ignored, &all) ||
        all != judgement->count || ignored == 0 || ignored > all)
        return;
    for (size_t i = 0; i < judgement->count; i++)
        if (!judgement_settle(judgement, i, i < ignored ? MEANS_REJECTED : MEANS_DELIVERED,
                              i < ignored ? judgement->reason.text : NULL))
            return;
}

void response_judge(enum response_style style, const struct http_response *response,
                    struct json *json, struct judgement *judgement)
{
    const struct reading reading = {response, json, judgement};
    judgement->meaning = by_status(response->status);
    if (style == RESPONSE_STATUS && judgement->meaning == MEANS_DELIVERED)
        return;
    explain(&reading);
    if (style == RESPONSE_SPLUNK) {
        judge_splunk(&reading);
    } else if (style == RESPONSE_BULK) {
        judge_bulk(&reading);
    } else if (style == RESPONSE_LOKI) {
        judge_loki(&reading);
    }
}
