#include "config.h"

#include "deliver/gzip.h"
#include "deliver/sender.h"
#include "s3/s3.h"

#include <openssl/evp.h>
#include <stdio.h>

/* The key of an addressed event's object, in key[S3_KEY_MAX + 1].  False with a reason. */
static bool make_key(const struct s3 *s3, struct span name, char *key, size_t *len,
                     struct reason *reason)
{
    size_t prefix = strlen(s3->options.prefix), suffix = strlen(s3->options.suffix);
    if (name.at == NULL || name.len > S3_KEY_MAX)
        return reason_set(reason, "its path is no key: longer than %d bytes, or not UTF-8 text",
                          S3_KEY_MAX);
    if (name.len == 0)
        return reason_set(reason, "its path is empty");
    *len = prefix + name.len + suffix;
    if (*len <= S3_KEY_MAX) {
        memcpy(key, s3->options.prefix, prefix);
        memcpy(key + prefix, name.at, name.len);
        memcpy(key + prefix + name.len, s3->options.suffix, suffix);
    }
    return s3_key_check((struct span){key, *len}, reason);
}

static bool accept_line(void *context, struct record *record, struct reason *reason)
{
    struct s3 *s3 = context;
    char key[S3_KEY_MAX + 1];
    size_t len;
    if (record->path.at == NULL)
        return reason_set(reason, "a bare event has no path to be its key; pipe it through "
                                  "audit-path first");
    return make_key(s3, record->name, key, &len, reason);
}

static bool compress(struct http_transfer *transfer, struct span *body)
{
    struct edit pieces = {0};
    size_t size = gzip_bound(body->len), len;
    char *buffer = http_buffer(transfer, size);
    edit_add(&pieces, *body);
    bool done = buffer != NULL && !pieces.no_memory && gzip_compress(&pieces, buffer, size, &len);
    edit_free(&pieces);
    if (done)
        *body = (struct span){buffer, len};
    return done;
}

/* What is put: the event, or its gzip, in memory of the transfer.  False: no memory. */
static bool content_of(const struct s3 *s3, const struct request *request, struct span *body)
{
    *body = request->records.first->body;
    return !s3->options.store.put.gzip || compress(request->transfer, body);
}

/* The steps of a request: where an object is there already, a HEAD tells whether it is the same. */
enum { STEP_PUT, STEP_COMPARE };

static bool prepare(void *context, struct request *request, struct judgement *judgement)
{
    struct s3 *s3 = context;
    struct reason *reason = &judgement->reason;
    char key[S3_KEY_MAX + 1];
    size_t len = 0;
    struct s3_request wanted = {.method = S3_PUT};
    judgement->answer = ANSWER_REJECTED;
    if (!make_key(s3, request->records.first->name, key, &len, reason))
        return false;
    wanted.key = (struct span){key, len};
    if (request->step == STEP_COMPARE)
        wanted.method = S3_HEAD;
    else if (!content_of(s3, request, &wanted.body))
        return reason_set(reason, "there is not enough memory to compress it");
    return s3_store_set(&s3->store, request->transfer, &wanted, reason);
}

/* Whether the object that the answer to a HEAD is about has these bytes: by its MD5, or where its
 * ETag is none, by its length. */
static bool is_same(const struct s3_answer *answer, struct span body)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len;
    if (answer->length >= 0 && (uint64_t)answer->length != body.len)
        return false;
    if (!answer->etag_is_md5 || EVP_Digest(body.at, body.len, digest, &len, EVP_md5(), NULL) != 1)
        return true;
    for (unsigned i = 0; i < 16; i++)
        if (answer->etag[2 * i] != digits[digest[i] >> 4] ||
            answer->etag[2 * i + 1] != digits[digest[i] & 15])
            return false;
    return true;
}

/* The answer to the HEAD of an object that was there already. */
static enum answer compare(const struct s3 *s3, struct request *request,
                           const struct s3_answer *answer, struct reason *reason)
{
    struct span body;
    if (!content_of(s3, request, &body)) {
        reason_set(reason, "there is not enough memory to compress it");
        return ANSWER_RETRY;
    }
    if (is_same(answer, body))
        return ANSWER_EXISTS;
    reason_set(reason, "conflict: an object with other content has this key");
    return ANSWER_REJECTED;
}

static void judge(void *context, struct request *request, const struct http_reply *reply,
                  struct judgement *judgement)
{
    static const enum answer answers[] = {
        [S3_DONE] = ANSWER_DELIVERED,
        [S3_EXISTS] = ANSWER_REFUSED,
        [S3_GONE] = ANSWER_REFUSED,
        [S3_RETRY] = ANSWER_RETRY,
        [S3_SLOW_DOWN] = ANSWER_SLOW_DOWN,
        [S3_AGAIN] = ANSWER_AGAIN,
        [S3_REJECTED] = ANSWER_REJECTED,
        [S3_REFUSED] = ANSWER_REFUSED,
        [S3_MISCONFIGURED] = ANSWER_MISCONFIGURED,
    };
    struct s3 *s3 = context;
    struct s3_answer answer;
    enum s3_meaning meaning =
        s3_store_judge(&s3->store, request->transfer, reply, &answer, &judgement->reason);
    judgement->answer = answers[meaning];
    if (meaning == S3_DONE && answer.etag[0] != '\0')
        judgement->etag = strcpy(s3->etag, answer.etag);
    if (request->step == STEP_COMPARE) {
        if (meaning == S3_DONE) {
            judgement->answer = compare(s3, request, &answer, &judgement->reason);
        } else if (reply->status == 404) { /* deleted meanwhile */
            request->step = STEP_PUT;
            judgement->answer = ANSWER_AGAIN;
        } else if (reply->status == 403) { /* no right to look at it: it stays */
            judgement->answer = ANSWER_EXISTS;
        }
    } else if (meaning == S3_EXISTS && s3->options.store.put.no_overwrite) {
        request->step = STEP_COMPARE;
        judgement->answer = ANSWER_AGAIN;
    }
}

static enum readiness ready(void *context, struct sender *sender, int64_t now, int64_t *wake_at,
                            struct reason *reason)
{
    static const enum readiness readiness[] = {
        [S3_READY] = READY_NOW, [S3_WAITS] = READY_LATER, [S3_NEVER] = READY_NEVER};
    struct s3 *s3 = context;
    (void)now, (void)wake_at; /* the end of a transfer wakes the loop */
    return readiness[s3_store_ready(&s3->store, sender_http(sender), true, reason)];
}

static bool show(void *context, const struct request *request, struct out *out)
{
    struct s3 *s3 = context;
    char key[S3_KEY_MAX + 1], url[S3_URL_MAX], length[64];
    struct reason reason;
    size_t len = 0, size = 0;
    if (!make_key(s3, request->records.first->name, key, &len, &reason))
        return true;
    s3_address_url(&s3->store.address, (struct span){key, len}, url);
    out_write(out, SPAN("PUT "));
    out_write(out, span_of(url));
    out_write(out, SPAN("\n"));
    s3_store_show(&s3->store, request->transfer, out);
    for (size_t i = 0; i < request->transfer->body.count; i++)
        size += request->transfer->body.piece[i].bytes.len;
    int n = snprintf(length, sizeof length, "Content-Length: %zu\n\n", size);
    out_write(out, (struct span){length, (size_t)n});
    edit_write(&request->transfer->body, out);
    return out_write(out, SPAN("\n\n"));
}

bool s3_begin(struct s3 *s3, const struct s3_options *options, bool dry)
{
    *s3 = (struct s3){.options = *options};
    if (!s3_store_begin(&s3->store, &options->store, dry))
        return false;
    s3->service = (struct service){
        .context = s3,
        .accept = accept_line,
        .ready = ready,
        .prepare = prepare,
        .judge = judge,
        .show = show,
        .name = s3->store.name,
        .batch_events = 1,
    };
    return true;
}

void s3_end(struct s3 *s3)
{
    s3_store_end(&s3->store);
}
