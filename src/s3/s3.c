#include "config.h"

#include "base/digest.h"
#include "deliver/gzip.h"
#include "deliver/sender.h"
#include "s3/s3.h"

#include <stdio.h>

/* Prefix, name and suffix. */
enum { KEY_PIECES = 3 };

static void key_pieces(const struct s3 *s3, struct span name, struct span piece[KEY_PIECES])
{
    piece[0] = span_of(s3->options.prefix);
    piece[1] = name;
    piece[2] = span_of(s3->options.suffix);
}

/* Writes the key of an object whose name accept_line() has checked. */
static struct span make_key(const struct s3 *s3, struct span name, char key[S3_KEY_MAX + 1])
{
    struct span piece[KEY_PIECES];
    size_t len = 0;
    key_pieces(s3, name, piece);
    for (size_t i = 0; i < KEY_PIECES; i++) {
        memcpy(key + len, piece[i].at, piece[i].len);
        len += piece[i].len;
    }
    return (struct span){key, len};
}

static bool accept_line(void *context, struct record *record, struct reason *reason)
{
    struct s3 *s3 = context;
    struct span piece[KEY_PIECES];
    if (record->path.at == NULL)
        return reason_set(reason, "a bare event has no path to be its key; pipe it through "
                                  "audit-path first");
    if (record->name.at == NULL || record->name.len > S3_KEY_MAX)
        return reason_set(reason,
                          "its path cannot be a key: it is longer than %d bytes, or not UTF-8",
                          S3_KEY_MAX);
    if (record->name.len == 0)
        return reason_set(reason, "its path is empty");
    key_pieces(s3, record->name, piece);
    return s3_key_check(piece, KEY_PIECES, reason);
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

/* The object's content: the event, or its gzip, in memory of the transfer.  False: no memory. */
static bool content_of(const struct s3 *s3, const struct request *request, struct span *body)
{
    *body = request->records.first->body;
    return !s3->options.store.put.gzip || compress(request->transfer, body);
}

/* The steps of a request. */
enum step {
    STEP_LOOKUP,       /* the first: the listing may say that the object exists */
    STEP_PUT,          /* it is put */
    STEP_COMPARE,      /* the store said that it exists: a HEAD says whether it is the same */
    STEP_COMPARE_LIST, /* the listing said so, but not which content it has: likewise */
    STEP_REPLACE,      /* an object with other content exists, and is replaced */
};

/* Whether the hexadecimal digits are the MD5 of the bytes. */
static bool is_md5(const char *hex, struct span body)
{
    unsigned char digest[DIGEST_MD5_SIZE];
    char text[2 * DIGEST_MD5_SIZE];
    digest_md5(body, digest);
    digest_hex(digest, DIGEST_MD5_SIZE, text);
    return memcmp(hex, text, sizeof text) == 0;
}

/* Handles an object that the listing says exists.  If the listing does not say whether it is the
 * same, a HEAD does: the ETag of a multipart upload or of an encrypted object is not an MD5, and
 * the listing does not say which kind it is. */
static bool prepare_known(struct s3 *s3, struct request *request, const struct s3_known *known,
                          struct span body, struct judgement *judgement)
{
    bool same_size = known->size == body.len;
    if (same_size && known->etag.len == 32 && is_md5(known->etag.at, body)) {
        snprintf(s3->etag, sizeof s3->etag, "%.32s", known->etag.at);
        judgement->etag = s3->etag;
        judgement->meaning = MEANS_EXISTS;
        return false;
    }
    if (same_size)
        request->step = STEP_COMPARE_LIST;
    else if (s3->options.store.put.no_overwrite)
        return reason_set(&judgement->reason,
                          "conflict: an object with other content has this key");
    else
        request->step = STEP_REPLACE;
    return true;
}

/* Looks the key up.  False: nothing is sent, now or at all. */
static bool look_up(struct s3 *s3, struct request *request, struct span key, struct span body,
                    struct judgement *judgement)
{
    struct s3_known known;
    request->step = STEP_PUT;
    switch (s3_existing_find(&s3->existing, key, &known)) {
    case S3_PRESENT:
        return prepare_known(s3, request, &known, body, judgement);
    case S3_UNKNOWN:
        request->step = STEP_LOOKUP;
        judgement->meaning = MEANS_WAIT;
        return false;
    default:
        return true;
    }
}

static bool prepare(void *context, struct request *request, struct judgement *judgement)
{
    struct s3 *s3 = context;
    char text[S3_KEY_MAX + 1];
    struct s3_request wanted = {.method = S3_PUT,
                                .key = make_key(s3, request->records.first->name, text)};
    judgement->meaning = MEANS_REJECTED;
    bool compares = request->step == STEP_COMPARE || request->step == STEP_COMPARE_LIST;
    if (!compares && !content_of(s3, request, &wanted.body))
        return reason_set(&judgement->reason, "there is not enough memory to compress it");
    if (request->step == STEP_LOOKUP && s3->options.list &&
        !look_up(s3, request, wanted.key, wanted.body, judgement))
        return false;
    if (request->step == STEP_COMPARE || request->step == STEP_COMPARE_LIST) {
        wanted.method = S3_HEAD;
        wanted.body = SPAN("");
    } else if (request->step == STEP_REPLACE) {
        s3_pages_forget(&s3->existing.pages, wanted.key);
    }
    return s3_store_set(&s3->store, request->transfer, &wanted, &judgement->reason);
}

/* Whether the object that a HEAD describes has these bytes: by its MD5, or by its length if its
 * ETag is not an MD5. */
static bool is_same(const struct s3_answer *answer, struct span body)
{
    if (answer->length >= 0 && (uint64_t)answer->length != body.len)
        return false;
    return !answer->etag_is_md5 || is_md5(answer->etag, body);
}

/* An object with other content exists, or one that could not be examined. */
static enum meaning other_content(const struct s3 *s3, struct request *request,
                                  struct reason *reason, const char *why)
{
    if (s3->options.store.put.no_overwrite) {
        reason_set(reason, "conflict: %s", why);
        return MEANS_REJECTED;
    }
    request->step = STEP_REPLACE;
    return MEANS_AGAIN;
}

/* Handles the response to the HEAD of an existing object. */
static enum meaning compare(const struct s3 *s3, struct request *request,
                            const struct s3_answer *answer, struct reason *reason)
{
    struct span body;
    if (!content_of(s3, request, &body)) {
        reason_set(reason, "there is not enough memory to compress it");
        return MEANS_RETRY;
    }
    return is_same(answer, body)
               ? MEANS_EXISTS
               : other_content(s3, request, reason, "an object with other content has this key");
}

/* Decides what to do after a HEAD. */
static void judge_comparison(const struct s3 *s3, struct request *request, enum s3_meaning meaning,
                             const struct s3_answer *answer, long status,
                             struct judgement *judgement)
{
    if (meaning == S3_DONE) {
        judgement->meaning = compare(s3, request, answer, &judgement->reason);
    } else if (status == 404) { /* deleted in the meantime */
        request->step = STEP_PUT;
        judgement->meaning = MEANS_AGAIN;
    } else if (status == 403 &&
               request->step == STEP_COMPARE) { /* no right to read it: it is kept */
        judgement->meaning = MEANS_EXISTS;
    } else if (status == 403) {
        judgement->meaning = other_content(
            s3, request, &judgement->reason,
            "the object with this key has the same length, its ETag does not show whether "
            "the content is the same, and reading it is not permitted (s3:GetObject)");
    }
}

static void judge(void *context, struct request *request, const struct http_response *response,
                  struct judgement *judgement)
{
    static const enum meaning meanings[] = {
        [S3_DONE] = MEANS_DELIVERED,
        [S3_EXISTS] = MEANS_REFUSED,
        [S3_GONE] = MEANS_REFUSED,
        [S3_RETRY] = MEANS_RETRY,
        [S3_SLOW_DOWN] = MEANS_SLOW_DOWN,
        [S3_AGAIN] = MEANS_AGAIN,
        [S3_REJECTED] = MEANS_REJECTED,
        [S3_REFUSED] = MEANS_REFUSED,
        [S3_MISCONFIGURED] = MEANS_MISCONFIGURED,
    };
    struct s3 *s3 = context;
    struct s3_answer answer;
    enum s3_meaning meaning =
        s3_store_judge(&s3->store, request->transfer, response, &answer, &judgement->reason);
    judgement->meaning = meanings[meaning];
    if (meaning == S3_DONE && answer.etag[0] != '\0')
        judgement->etag = strcpy(s3->etag, answer.etag);
    if (request->step == STEP_COMPARE || request->step == STEP_COMPARE_LIST) {
        judge_comparison(s3, request, meaning, &answer, response->status, judgement);
    } else if (meaning == S3_DONE && request->step == STEP_REPLACE) {
        judgement->meaning = MEANS_REPLACED;
    } else if (meaning == S3_EXISTS && s3->options.store.put.no_overwrite) {
        request->step = STEP_COMPARE;
        judgement->meaning = MEANS_AGAIN;
    }
}

static enum readiness ready(void *context, struct sender *sender, int64_t now, int64_t *wake_at,
                            struct reason *reason)
{
    static const enum readiness readiness[] = {
        [S3_READY] = READY_NOW, [S3_WAITS] = READY_LATER, [S3_NEVER] = READY_NEVER};
    struct s3 *s3 = context;
    (void)now, (void)wake_at; /* the end of a transfer wakes the loop */
    if (s3->existing.hopeless.text[0] != '\0') {
        *reason = s3->existing.hopeless;
        return READY_NEVER;
    }
    enum readiness is = readiness[s3_store_ready(&s3->store, sender_http(sender), true, reason)];
    return is == READY_NOW && s3->existing.asking ? READY_LATER : is;
}

static bool show(void *context, const struct request *request, struct out *out)
{
    struct s3 *s3 = context;
    char key[S3_KEY_MAX + 1], url[S3_URL_MAX], length[64];
    size_t size = 0;
    s3_address_url(&s3->store.address, make_key(s3, request->records.first->name, key), url);
    out_write(out, SPAN("PUT "));
    out_write(out, span_of(url));
    out_write(out, SPAN("\n"));
    s3_signing_show(request->transfer, out);
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
    if (dry)
        s3->options.list = false;
    s3_existing_begin(&s3->existing, &s3->store, span_of(options->prefix));
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
    s3_existing_end(&s3->existing);
    s3_store_end(&s3->store);
}
