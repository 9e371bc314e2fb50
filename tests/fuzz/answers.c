/* answers: the responses of services and stores, and their interpretation.
 *
 * Input: three bytes (the style, the status, the number of events), and the response's body.  Each
 * event is settled at most once, events that count as delivered have a status that says so, no
 * reason has a control character in it, and no response has any effect except a reason. */
#include "config.h"

#include "base/clock.h"
#include "base/redact.h"
#include "base/secret.h"
#include "deliver/header.h"
#include "deliver/retry_after.h"
#include "fuzz.h"
#include "post/response.h"
#include "post/token.h"
#include "s3/s3_address.h"
#include "s3/s3_error.h"
#include "s3/s3_list.h"

#include <cjson/cJSON.h>

enum { MOST = 8 };

/* The last member of that name, as in the tools' own reader. */
static const cJSON *last_member(const cJSON *object, const char *name)
{
    const cJSON *found = NULL;
    if (cJSON_IsObject(object))
        for (const cJSON *member = object->child; member != NULL; member = member->next)
            if (strcmp(member->string, name) == 0)
                found = member;
    return found;
}

/* The status of the n-th item of a _bulk response, according to cJSON; 0: it has none. */
static int item_status(const cJSON *answer, size_t n)
{
    const cJSON *item = cJSON_GetArrayItem(last_member(answer, "items"), (int)n);
    const cJSON *status = last_member(item != NULL ? item->child : NULL, "status");
    return cJSON_IsNumber(status) ? status->valueint : 0;
}

/* Events that were settled as delivered by a _bulk response have a status that says so. */
static void check_bulk(const struct http_response *response, const struct judgement *judgement)
{
    cJSON *answer = cJSON_ParseWithLength(response->body.at, response->body.len);
    for (size_t i = 0; answer != NULL && judgement->each != NULL && i < judgement->count; i++) {
        const struct judged *judged = &judgement->each[i];
        int status = item_status(answer, i);
        if (judged->is && judged->meaning == MEANS_DELIVERED)
            HOLDS(status >= 200 && status <= 299);
        if (judged->is && judged->meaning == MEANS_EXISTS)
            HOLDS(status == 409);
    }
    cJSON_Delete(answer);
}

/* Each record's own meaning is one of those that settle it; only a reject has a reason. */
static unsigned check_each(const struct judgement *judgement)
{
    unsigned rejects = 0;
    for (size_t i = 0; judgement->each != NULL && i < judgement->count; i++) {
        const struct judged *judged = &judgement->each[i];
        if (!judged->is)
            continue;
        bool rejected = judged->meaning == MEANS_REJECTED;
        HOLDS(rejected || judged->meaning == MEANS_DELIVERED || judged->meaning == MEANS_EXISTS);
        HOLDS(rejected == (judged->reason != NULL));
        HOLDS(!rejected || (judged->reason[0] != '\0' && fuzz_is_tame(judged->reason)));
        rejects += rejected;
    }
    return rejects;
}

static void check_response(struct span bytes)
{
    static const long statuses[] = {200, 200, 200, 201, 204, 260, 301, 400, 400,
                                    401, 403, 404, 408, 413, 429, 500, 503, 999};
    enum response_style style = fuzz_byte(&bytes) % 4;
    struct http_response response = {
        .status = statuses[fuzz_byte(&bytes) % (sizeof statuses / sizeof *statuses)]};
    static struct json json;
    struct judgement judgement;
    size_t count = 1 + fuzz_byte(&bytes) % MOST;
    response.body = bytes;
    redact_add(SPAN("s3cret"));
    judgement_begin(&judgement, count);
    response_judge(style, &response, &json, &judgement);
    HOLDS(strstr(judgement.reason.text, "s3cret") == NULL);
    unsigned rejects = check_each(&judgement);
    HOLDS(fuzz_is_tame(judgement.reason.text));
    HOLDS(judgement.meaning == MEANS_DELIVERED || judgement.reason.text[0] != '\0');
    if (judgement.meaning == MEANS_DELIVERED)
        HOLDS(response.status >= 200 && response.status <= 299 && rejects == 0 &&
              !(style == RESPONSE_LOKI && response.status == 260));
    if (style == RESPONSE_BULK)
        check_bulk(&response, &judgement);
    judgement_end(&judgement);
}

static void check_token(struct span bytes)
{
    struct token token;
    struct reason reason = {""};
    HOLDS(token_read(bytes, &token) == (token.text != NULL));
    if (token.text != NULL)
        HOLDS(token.text[0] != '\0' && header_is_value(span_of(token.text)));
    HOLDS(token.seconds >= 0 && token.seconds < 1000000000);
    secret_free(token.text);
    token_explain(bytes, &reason);
    HOLDS(fuzz_is_tame(reason.text));
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

/* A listing: its keys are never empty, and at most as long as the text allows; writing the query
 * that continues after a key never fails for a key that a store can have. */
static void check_s3_page(struct span bytes)
{
    char query[S3_LIST_QUERY_MAX];
    struct s3_page page;
    if (!s3_page_read(&page, bytes)) {
        HOLDS(page.item == NULL && page.text == NULL && page.count == 0);
        return;
    }
    for (size_t i = 0; i < page.count; i++) {
        const struct s3_item *item = &page.item[i];
        struct s3_list_query next = {.start_after = item->key, .most = S3_LIST_MOST};
        HOLDS(item->key.len > 0 && item->key.len <= bytes.len && item->etag.len <= bytes.len);
        HOLDS(s3_list_query(&next, query) == (item->key.len <= S3_KEY_MAX + 8));
    }
    if (page.count > 1 && s3_page_in_order(&page, SPAN("")))
        HOLDS(s3_key_compare(page.item[0].key, page.item[page.count - 1].key) < 0);
    s3_page_free(&page);
}

static void check_retry_after(struct span bytes)
{
    char *value = fuzz_string(bytes);
    int64_t wait = retry_after(value, 1700000000);
    HOLDS(wait == -1 || (wait >= 0 && wait <= 366 * 86400 * CLOCK_SECOND));
    free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = {(const char *)data, size};
    check_response(bytes);
    check_token(bytes);
    check_s3_error(bytes);
    check_s3_page(bytes);
    check_retry_after(bytes);
    return 0;
}
