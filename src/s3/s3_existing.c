#include "config.h"

#include "base/clock.h"
#include "s3/s3_existing.h"

#include <stdio.h>

void s3_existing_begin(struct s3_existing *existing, struct s3_store *store, struct span prefix)
{
    *existing = (struct s3_existing){.store = store};
    s3_pages_begin(&existing->pages, prefix);
}

static void add_page(struct s3_existing *existing, const struct http_response *response,
                     const struct s3_answer *answer)
{
    struct reason *why = &existing->hopeless;
    switch (s3_pages_add(&existing->pages, response->body, clock_now())) {
    case S3_PAGES_ADDED:
        existing->listed = true;
        break;
    case S3_PAGES_UNREADABLE:
        if (existing->listed)
            s3_pages_failed(&existing->pages);
        else
            s3_store_say_no_listing(existing->store, response->status, answer, why);
        break;
    case S3_PAGES_DISORDER:
        reason_set(why, "--existing=list: the store lists keys out of order, or not from where it "
                        "is asked to (an S3 directory bucket does); use --no-overwrite without it");
        break;
    case S3_PAGES_NO_MEMORY:
        reason_set(why, "there is not enough memory");
        break;
    }
}

static void judge(struct s3_existing *existing, const struct http_transfer *transfer,
                  const struct http_response *response)
{
    struct s3_answer answer;
    struct reason reason;
    switch (s3_store_judge(existing->store, transfer, response, &answer, &reason)) {
    case S3_DONE:
        add_page(existing, response, &answer);
        break;
    case S3_RETRY:
    case S3_SLOW_DOWN:
        s3_pages_failed(&existing->pages);
        break;
    case S3_AGAIN:
        break;
    case S3_MISCONFIGURED:
        existing->hopeless = reason;
        break;
    default:
        reason_set(&existing->hopeless, "--existing=list: the bucket cannot be listed%s: %.400s",
                   response->status == 403 ? ", which needs the right s3:ListBucket" : "",
                   reason.text);
    }
}

static void listed(void *context, struct http_transfer *transfer,
                   const struct http_response *response)
{
    struct s3_existing *existing = context;
    existing->asking = false;
    if (response->code == CURLE_OK)
        judge(existing, transfer, response);
    else
        s3_pages_failed(&existing->pages);
    http_give(existing->store->http, transfer);
}

static void ask(struct s3_existing *existing, struct span key)
{
    char query[S3_LIST_QUERY_MAX];
    s3_pages_query(&existing->pages, key, query);
    existing->asking =
        s3_store_list(existing->store, query, listed, existing, &existing->hopeless) != NULL;
}

enum s3_presence s3_existing_find(struct s3_existing *existing, struct span key,
                                  struct s3_known *known)
{
    enum s3_presence presence = s3_pages_find(&existing->pages, key, clock_now(), known);
    if (presence == S3_UNKNOWN && !existing->asking && existing->hopeless.text[0] == '\0')
        ask(existing, key);
    return presence;
}

void s3_existing_end(struct s3_existing *existing)
{
    s3_pages_end(&existing->pages);
}
