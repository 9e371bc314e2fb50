#include "config.h"

#include "base/clock.h"
#include "base/digest.h"
#include "deliver/retry_after.h"
#include "s3/s3_fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MOST_OBJECTS = 4096 }; /* in the window */

#define RETRY_BASE (100 * CLOCK_MS)
#define RETRY_CAP  (30 * CLOCK_SECOND)

/* A request for a part of the listing. */
struct listing {
    struct s3_fetch *fetch;
    struct listing *next;
    struct s3_segment *segment;
    struct s3_list_query query;
    struct http_transfer *transfer; /* NULL: it waits to be sent again */
    unsigned attempts;
    int64_t first_attempt, sent_at, due;
};

void s3_fetch_begin(struct s3_fetch *fetch, struct s3_store *store, struct http *http,
                    struct s3_walk *walk, const struct s3_fetch_options *options)
{
    *fetch = (struct s3_fetch){
        .options = *options,
        .store = store,
        .http = http,
        .walk = walk,
        .policy = {RETRY_BASE, RETRY_CAP, options->retry_for},
    };
    pace_begin(&fetch->pace, options->parallel, &fetch->policy);
}

/* No request can succeed. */
static void stop(struct s3_fetch *fetch, const char *why)
{
    if (!fetch->stopping)
        reason_set(&fetch->why, "%s", why);
    fetch->stopping = true;
}

/* When to try a failed attempt again.  INT64_MAX: not at all, its time is over. */
static int64_t try_again(struct s3_fetch *fetch, enum pace_failure kind, unsigned attempts,
                         int64_t first_attempt, int64_t sent_at, int64_t asked)
{
    uint32_t random = jitter_bits(&fetch->jitter);
    int64_t deadline = first_attempt + fetch->policy.budget;
    int64_t due = fetch->now + retry_wait(&fetch->policy, attempts, random);
    pace_failure(&fetch->pace, kind, attempts, sent_at, fetch->now, asked, random);
    if (due > deadline)
        due = deadline;
    if (due < fetch->now + asked)
        due = fetch->now + asked;
    fetch->retries++;
    return fetch->now >= deadline || due > deadline ? INT64_MAX : due;
}

static enum pace_failure pace_of(enum retry_kind kind)
{
    return kind == RETRY_UNREACHABLE ? PACE_NOBODY : PACE_SLOWER;
}

/* The wait that the response asks for. */
static int64_t asked_wait(const struct http_response *response)
{
    const char *after = http_response_header(response, "Retry-After");
    int64_t asked = after != NULL ? retry_after(after, time(NULL)) : 0;
    return asked > 0 ? asked : 0;
}

/* Listings. */

static void listing_end(struct listing *listing)
{
    struct listing **at = &listing->fetch->listing;
    while (*at != listing)
        at = &(*at)->next;
    *at = listing->next;
    free(listing);
}

static void list_later(struct listing *listing, enum pace_failure kind, int64_t asked,
                       const char *why)
{
    struct s3_fetch *fetch = listing->fetch;
    struct reason reason;
    listing->due =
        try_again(fetch, kind, listing->attempts, listing->first_attempt, listing->sent_at, asked);
    if (listing->due != INT64_MAX)
        return;
    reason_set(&reason, "the keys cannot be listed (attempts: %u): %.400s", listing->attempts, why);
    stop(fetch, reason.text);
}

static void take_page(struct listing *listing, const struct http_response *response,
                      const struct s3_answer *answer)
{
    struct s3_fetch *fetch = listing->fetch;
    struct s3_page page;
    struct reason reason;
    pace_success(&fetch->pace);
    if (!s3_page_read(&page, response->body)) {
        s3_store_say_no_listing(fetch->store, response->status, answer, &reason);
        stop(fetch, reason.text);
    } else if (!s3_walk_listed(fetch->walk, listing->segment, &page, &reason)) {
        stop(fetch, reason.text);
    } else {
        listing_end(listing);
    }
}

static void judge_listing(struct listing *listing, const struct http_transfer *transfer,
                          const struct http_response *response)
{
    struct s3_fetch *fetch = listing->fetch;
    struct s3_answer answer;
    struct reason reason;
    switch (s3_store_judge(fetch->store, transfer, response, &answer, &reason)) {
    case S3_DONE:
        take_page(listing, response, &answer);
        break;
    case S3_RETRY:
        list_later(listing, PACE_EVENT, asked_wait(response), reason.text);
        break;
    case S3_SLOW_DOWN:
        list_later(listing, PACE_SLOWER, asked_wait(response), reason.text);
        break;
    case S3_AGAIN:
        listing->due = fetch->now;
        break;
    default:
        stop(fetch, reason.text);
    }
}

static void listed(void *context, struct http_transfer *transfer,
                   const struct http_response *response)
{
    struct listing *listing = context;
    struct s3_fetch *fetch = listing->fetch;
    fetch->now = clock_now();
    fetch->flying--;
    listing->transfer = NULL;
    if (response->code != CURLE_OK) {
        struct reason reason = {""};
        enum retry_kind kind = retry_transfer(response->code, fetch->answered);
        reason_append(&reason, span_of(response->error));
        if (kind == RETRY_HOPELESS)
            stop(fetch, reason.text);
        else
            list_later(listing, pace_of(kind), 0, reason.text);
    } else {
        fetch->answered = true;
        judge_listing(listing, transfer, response);
    }
    http_give(fetch->http, transfer);
}

/* False: the fetch has stopped. */
static bool list(struct s3_fetch *fetch, struct listing *listing)
{
    char query[S3_LIST_QUERY_MAX];
    struct reason reason;
    if (!s3_list_query(&listing->query, query)) {
        stop(fetch, "the store lists a key of more than 1,024 bytes");
        return false;
    }
    listing->attempts++;
    listing->sent_at = fetch->now;
    if (listing->first_attempt == 0)
        listing->first_attempt = fetch->now;
    listing->transfer = s3_store_list(fetch->store, query, listed, listing, &reason);
    if (listing->transfer == NULL) {
        stop(fetch, reason.text);
        return false;
    }
    fetch->lists++;
    fetch->flying++;
    return true;
}

static bool may_send(const struct s3_fetch *fetch)
{
    return !fetch->stopping && pace_may_send(&fetch->pace, fetch->flying, fetch->now);
}

static void earlier(int64_t *wake_at, int64_t time)
{
    if (time < *wake_at)
        *wake_at = time;
}

static void start_listings(struct s3_fetch *fetch, int64_t *wake_at)
{
    struct s3_list_query query;
    struct s3_segment *segment;
    for (struct listing *l = fetch->listing; l != NULL; l = l->next)
        if (l->transfer == NULL && l->due > fetch->now)
            earlier(wake_at, l->due);
        else if (l->transfer == NULL && (!may_send(fetch) || !list(fetch, l)))
            return;
    while (may_send(fetch) && (segment = s3_walk_wanted(fetch->walk, &query)) != NULL) {
        struct listing *listing = calloc(1, sizeof *listing);
        if (listing == NULL) {
            stop(fetch, "there is not enough memory");
            return;
        }
        *listing = (struct listing){
            .fetch = fetch, .next = fetch->listing, .segment = segment, .query = query};
        fetch->listing = listing;
        if (!list(fetch, listing))
            return;
    }
}

/* Objects. */

static void object_free(struct s3_object *object)
{
    free(object->body);
    free(object->failed);
    free(object);
}

static struct span copy(char **to, struct span text)
{
    struct span copied = {*to, text.len};
    if (text.len > 0)
        memcpy(*to, text.at, text.len);
    *to += text.len;
    return copied;
}

/* Adds an object at the end of the window.  NULL: no memory. */
static struct s3_object *admit(struct s3_fetch *fetch, const struct s3_item *item)
{
    struct s3_object *object =
        malloc(sizeof *object + item->key.len + item->etag.len + item->time.len + 1);
    if (object == NULL)
        return NULL;
    *object = (struct s3_object){.fetch = fetch, .size = item->size, .previous = fetch->last};
    char *to = object->text;
    object->key = copy(&to, item->key);
    object->etag = copy(&to, item->etag);
    object->time = copy(&to, item->time);
    if (fetch->last != NULL)
        fetch->last->next = object;
    else
        fetch->first = object;
    fetch->last = object;
    if (fetch->fresh == NULL)
        fetch->fresh = object;
    fetch->objects++;
    fetch->bytes += item->size;
    return object;
}

/* Sets why it was not read.  Stops if there is no memory for that. */
static void fail(struct s3_object *object, const char *why)
{
    object->state = OBJECT_READ;
    if ((object->failed = malloc(sizeof *object->failed)) == NULL)
        stop(object->fetch, "there is not enough memory");
    else
        reason_set(object->failed, "%s", why);
    free(object->body);
    object->body = NULL;
    object->len = object->room = 0;
}

static void put_off(struct s3_object *object, int64_t due)
{
    struct s3_fetch *fetch = object->fetch;
    object->state = OBJECT_LATER;
    object->due = due;
    object->later = fetch->later;
    fetch->later = object;
    fetch->retrying++;
}

/* Restarts from the beginning: the bytes read are another object's. */
static void forget(struct s3_object *object)
{
    object->len = 0;
    object->answered_etag[0] = '\0';
}

static void get_later(struct s3_object *object, enum pace_failure kind, int64_t asked,
                      const char *why)
{
    struct s3_fetch *fetch = object->fetch;
    struct reason reason;
    int64_t due =
        try_again(fetch, kind, object->attempts, object->first_attempt, object->sent_at, asked);
    if (due != INT64_MAX) {
        put_off(object, due);
        return;
    }
    reason_set(&reason, "not read (attempts: %u): %.400s", object->attempts, why);
    fail(object, reason.text);
}

/* Takes bytes of a GET's response. */
static enum http_received receive(void *context, struct http_transfer *transfer, struct span bytes)
{
    struct s3_object *object = context;
    if (!object->answering) {
        long status = 0;
        curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
        if (status != 200 && status != 206)
            return HTTP_NOT_WANTED;
        object->answering = true;
        if (status == 200) /* the whole object, whatever the request was for */
            object->len = object->asked_from = 0;
    }
    if (bytes.len > object->room - object->len) {
        size_t room = object->room == 0 ? (size_t)object->size : 2 * object->room;
        if (room < object->len + bytes.len)
            room = object->len + bytes.len;
        if (room > object->fetch->options.largest + CURL_MAX_WRITE_SIZE)
            return HTTP_NO_MEMORY;
        char *grown = realloc(object->body, room);
        if (grown == NULL)
            return HTTP_NO_MEMORY;
        object->body = grown;
        object->room = room;
    }
    memcpy(object->body + object->len, bytes.at, bytes.len);
    object->len += bytes.len;
    return HTTP_TAKEN;
}

/* Whether the part received is the part requested, up to the end of the object. */
static bool is_rest(const struct s3_object *object, const struct http_response *response)
{
    const char *range = http_response_header(response, "Content-Range");
    unsigned long long first, last, whole;
    return range != NULL && sscanf(range, "bytes %llu-%llu/%llu", &first, &last, &whole) == 3 &&
           first == object->asked_from && last + 1 == whole && whole == object->len;
}

static bool is_md5_right(const struct s3_object *object, const char *etag)
{
    unsigned char digest[DIGEST_MD5_SIZE];
    char text[2 * DIGEST_MD5_SIZE];
    digest_md5((struct span){object->len > 0 ? object->body : "", object->len}, digest);
    digest_hex(digest, DIGEST_MD5_SIZE, text);
    return memcmp(etag, text, sizeof text) == 0;
}

/* Takes a response with the object, or the rest of it. */
static void take_object(struct s3_object *object, const struct http_response *response,
                        const struct s3_answer *answer)
{
    struct s3_fetch *fetch = object->fetch;
    if (!object->answering) /* without a byte */
        object->len = object->asked_from = 0;
    if (response->status == 206 && !is_rest(object, response)) {
        forget(object);
        get_later(object, PACE_EVENT, 0, "the store sent a different part than the one asked for");
    } else if (answer->etag_is_md5 && !is_md5_right(object, answer->etag)) {
        forget(object);
        get_later(object, PACE_EVENT, 0, "the MD5 of the bytes received is not the ETag");
    } else {
        pace_success(&fetch->pace);
        object->state = OBJECT_READ;
    }
}

static void judge_get(struct s3_object *object, const struct http_transfer *transfer,
                      const struct http_response *response)
{
    struct s3_fetch *fetch = object->fetch;
    struct s3_answer answer;
    struct reason reason;
    enum s3_meaning meaning = s3_store_judge(fetch->store, transfer, response, &answer, &reason);
    if (response->status == 412 || response->status == 416) {
        /* It was changed while it was read. */
        forget(object);
        get_later(object, PACE_EVENT, 0, "the object changed while it was read");
        return;
    }
    switch (meaning) {
    case S3_DONE:
        take_object(object, response, &answer);
        break;
    case S3_RETRY:
        get_later(object, PACE_EVENT, asked_wait(response), reason.text);
        break;
    case S3_SLOW_DOWN:
        get_later(object, PACE_SLOWER, asked_wait(response), reason.text);
        break;
    case S3_AGAIN:
        put_off(object, fetch->now);
        break;
    case S3_MISCONFIGURED:
        stop(fetch, reason.text);
        put_off(object, INT64_MAX);
        break;
    case S3_GONE:
        pace_success(&fetch->pace);
        fail(object, "the object was deleted after it was listed");
        break;
    default:
        pace_success(&fetch->pace);
        fail(object, reason.text);
    }
}

/* The attempt was interrupted.  The bytes received are kept if the response says which object they
 * are of. */
static void broken_off(struct s3_object *object, const struct http_response *response)
{
    struct s3_fetch *fetch = object->fetch;
    struct reason reason = {""};
    struct s3_answer answer;
    enum retry_kind kind = retry_transfer(response->code, fetch->answered);
    reason_append(&reason, span_of(response->error));
    if (object->answering && object->asked_from == 0) {
        s3_answer_read(response, &answer);
        strcpy(object->answered_etag, answer.etag);
    }
    if (object->answered_etag[0] == '\0')
        object->len = 0;
    if (kind == RETRY_HOPELESS) {
        stop(fetch, reason.text);
        put_off(object, INT64_MAX);
    } else if (response->code == CURLE_WRITE_ERROR) {
        fail(object, "the object is larger than it was listed, or there is not enough memory");
    } else if (object->len > object->asked_from) {
        /* Some bytes were received: the next request continues from there at once, and the object's
         * time starts anew. */
        object->first_attempt = fetch->now;
        fetch->retries++;
        put_off(object, fetch->now);
    } else {
        get_later(object, pace_of(kind), 0, reason.text);
    }
}

static void finished(void *context, struct http_transfer *transfer,
                     const struct http_response *response)
{
    struct s3_object *object = context;
    struct s3_fetch *fetch = object->fetch;
    fetch->now = clock_now();
    fetch->flying--;
    object->transfer = NULL;
    if (response->code == CURLE_OK) {
        fetch->answered = true;
        judge_get(object, transfer, response);
    } else {
        broken_off(object, response);
    }
    http_give(fetch->http, transfer);
}

/* Sends a GET for the object, or for the rest of it.  False: the fetch has stopped. */
static bool get(struct s3_fetch *fetch, struct s3_object *object)
{
    struct reason reason;
    struct s3_request request = {
        .method = S3_GET,
        .key = object->key,
        .from = object->len,
        .if_match = object->len > 0 ? object->answered_etag : NULL,
    };
    struct http_transfer *transfer = http_take(fetch->http);
    if (transfer == NULL) {
        stop(fetch, "there is not enough memory");
        return false;
    }
    object->attempts++;
    object->sent_at = fetch->now;
    if (object->first_attempt == 0)
        object->first_attempt = fetch->now;
    object->asked_from = object->len;
    object->answering = false;
    transfer->receive = receive;
    if (!s3_store_set(fetch->store, transfer, &request, &reason)) {
        http_give(fetch->http, transfer);
        fail(object, reason.text);
        return true;
    }
    if (!http_start(fetch->http, transfer, finished, object)) {
        http_give(fetch->http, transfer);
        stop(fetch, "there is not enough memory");
        return false;
    }
    object->state = OBJECT_ASKED;
    object->transfer = transfer;
    fetch->gets++;
    fetch->flying++;
    return true;
}

/* Sends again what is due. */
static void start_later(struct s3_fetch *fetch, int64_t *wake_at)
{
    for (struct s3_object *object, **at = &fetch->later; (object = *at) != NULL;) {
        if (object->due > fetch->now) {
            earlier(wake_at, object->due);
            at = &object->later;
            continue;
        }
        if (!may_send(fetch))
            return;
        *at = object->later;
        fetch->retrying--;
        get(fetch, object);
    }
}

/* Whether the window has room for an object of that size. */
static bool has_room(const struct s3_fetch *fetch, uint64_t size)
{
    return fetch->objects == 0 ||
           (fetch->objects < MOST_OBJECTS && fetch->bytes < fetch->options.window &&
            size <= fetch->options.window - fetch->bytes);
}

/* Whether the object needs no request. */
static bool is_settled_at_once(struct s3_fetch *fetch, struct s3_object *object)
{
    struct reason reason;
    if (fetch->options.only_listing || object->size == 0) {
        object->state = OBJECT_READ;
        return true;
    }
    if (object->size > fetch->options.largest) {
        reason_set(&reason, "the object has %llu bytes, more than %zu (--max-record)",
                   (unsigned long long)object->size, fetch->options.largest);
        fail(object, reason.text);
        return true;
    }
    return false;
}

/* Fills the window from the walk. */
static void fill(struct s3_fetch *fetch)
{
    const struct s3_item *item;
    while (!fetch->stopping && (item = s3_walk_peek(fetch->walk)) != NULL) {
        if (fetch->options.skip != NULL && fetch->options.skip(fetch->options.context, item->key)) {
            fetch->skipped++;
            s3_walk_next(fetch->walk);
            continue;
        }
        if (!has_room(fetch, fetch->options.only_listing ? 0 : item->size))
            return;
        struct s3_object *object = admit(fetch, item);
        if (object == NULL) {
            stop(fetch, "there is not enough memory");
            return;
        }
        s3_walk_next(fetch->walk);
    }
}

static void start_gets(struct s3_fetch *fetch, int64_t *wake_at)
{
    start_later(fetch, wake_at);
    fill(fetch);
    while (!fetch->stopping && fetch->fresh != NULL) {
        struct s3_object *object = fetch->fresh;
        if (!is_settled_at_once(fetch, object) && (!may_send(fetch) || !get(fetch, object)))
            return;
        fetch->fresh = object->next;
    }
}

/* Passes an object on. */
static void pass_on(struct s3_fetch *fetch, struct s3_object *object)
{
    if (object->previous != NULL)
        object->previous->next = object->next;
    else
        fetch->first = object->next;
    if (object->next != NULL)
        object->next->previous = object->previous;
    else
        fetch->last = object->previous;
    fetch->objects--;
    fetch->bytes -= object->size;
    if (!fetch->options.take(fetch->options.context, object))
        fetch->stopping = true;
    object_free(object);
}

/* Passes on the objects that are ready.  True if there were any, so that there is room. */
static bool pass_on_ready(struct s3_fetch *fetch)
{
    bool given = false;
    for (struct s3_object *next, *object = fetch->first; object != NULL && !fetch->stopping;
         object = next) {
        next = object->next;
        if (object->state == OBJECT_READ && object != fetch->fresh) {
            pass_on(fetch, object);
            given = true;
        } else if (!fetch->options.unordered || object == fetch->fresh) {
            break;
        }
    }
    return given;
}

bool s3_fetch_turn(struct s3_fetch *fetch, int64_t *wake_at)
{
    struct reason reason;
    bool moved;
    do {
        fetch->now = clock_now();
        switch (s3_store_ready(fetch->store, fetch->http, false, &reason)) {
        case S3_NEVER:
            stop(fetch, reason.text);
            break;
        case S3_WAITS:
            break;
        case S3_READY:
            *wake_at = INT64_MAX;
            start_listings(fetch, wake_at);
            start_gets(fetch, wake_at);
        }
        /* Transfers that have ended make room, and may show what to request next. */
        size_t running = fetch->http->running;
        http_run(fetch->http);
        moved = fetch->http->running != running;
        moved |= pass_on_ready(fetch);
    } while (moved && !fetch->stopping);
    if (fetch->pace.not_before > fetch->now)
        earlier(wake_at, fetch->pace.not_before);
    return !fetch->stopping && !(s3_walk_at_end(fetch->walk) && fetch->first == NULL);
}

void s3_fetch_end(struct s3_fetch *fetch)
{
    for (struct listing *listing; (listing = fetch->listing) != NULL;) {
        if (listing->transfer != NULL)
            http_cancel(fetch->http, listing->transfer);
        fetch->listing = listing->next;
        free(listing);
    }
    for (struct s3_object *object; (object = fetch->first) != NULL;) {
        if (object->transfer != NULL)
            http_cancel(fetch->http, object->transfer);
        fetch->first = object->next;
        object_free(object);
    }
}
