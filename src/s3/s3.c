#include "config.h"

#include "deliver/gzip.h"
#include "deliver/header.h"
#include "s3/s3.h"
#include "s3/s3_signature.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RENEW_AGAIN = 60 }; /* seconds until renewal is tried again where it failed */

/* The variable's value; NULL where it is empty too. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && *value != '\0' ? value : NULL;
}

/* Takes the credentials in place of those at hand. */
static void adopt(struct s3 *s3, const struct credentials *found)
{
    credentials_free(&s3->credentials);
    s3->credentials = *found;
    s3->generation++;
    s3->renew_at = credentials_renewal(found, time(NULL));
}

/* Finds credentials; those at hand stay where none are found. */
static bool find_credentials(struct s3 *s3, struct reason *reason)
{
    struct credentials found;
    if (!credentials_find(&found, &s3->profile, s3->options.profile != NULL, reason))
        return false;
    adopt(s3, &found);
    return true;
}

/* Finds them again after the store has called them expired: in a file that was renewed, or from the
 * machine.  False: there are no others. */
static bool renew_refused(struct s3 *s3)
{
    struct credentials old = s3->credentials, found;
    struct profile profile;
    struct reason reason;
    bool by_option = s3->options.profile != NULL;
    bool renewed = profile_read(&profile, s3->profile.chosen ? s3->profile.name : NULL, &reason) &&
                   credentials_find(&found, &profile, by_option, &reason);
    profile_free(&profile);
    if (!renewed)
        return false;
    if (credentials_equal(&old, &found)) {
        credentials_free(&found);
        return false;
    }
    adopt(s3, &found);
    return true;
}

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

static bool prepare(void *context, struct request *request, struct judgement *judgement)
{
    struct s3 *s3 = context;
    const struct record *record = request->records.first;
    struct span body = record->body;
    struct reason *reason = &judgement->reason;
    char key[S3_KEY_MAX + 1];
    size_t len;
    judgement->answer = ANSWER_REJECTED;
    if (!make_key(s3, record->name, key, &len, reason))
        return false;
    if (s3->options.gzip && !compress(request->transfer, &body))
        return reason_set(reason, "no memory left to compress it");
    return s3->options.signature->put(s3, request->transfer, (struct span){key, len}, body, reason);
}

/* Writes the time as RFC 3339 has it. */
static const char *utc(time_t time, char text[32])
{
    struct tm parts;
    if (gmtime_r(&time, &parts) == NULL || strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        strcpy(text, "?");
    return text;
}

/* Both clocks, where they differ too much. */
static void say_skew(const struct s3_answer *answer, struct reason *reason)
{
    char ours[32], theirs[32];
    struct printable shown;
    const char *server = answer->error.server_time;
    if (*server == '\0') {
        time_t date = curl_getdate(answer->date, NULL);
        server = date != -1 ? utc(date, theirs) : "another time";
    }
    reason_set(reason, "this machine's clock says %s, the store's %s; set the clock that is wrong",
               utc(time(NULL), ours), diag_printable(span_of(server), &shown));
}

static void say_region(const struct s3 *s3, long status, const struct s3_answer *answer,
                       struct reason *reason)
{
    struct printable shown;
    if (answer->error.region[0] != '\0')
        reason_set(reason, "bucket %s is in region %s, not in %s (--region)", s3->address.bucket,
                   diag_printable(span_of(answer->error.region), &shown), s3->region);
    else
        reason_set(reason,
                   "bucket %s is not in region %s (--region), or not at this endpoint: "
                   "status %ld %s",
                   s3->address.bucket, s3->region, status,
                   diag_printable(span_of(answer->error.code), &shown));
}

/* Status, code and message, as the store said them. */
static void say_error(long status, const struct s3_error *error, struct reason *reason)
{
    struct printable code, message;
    reason_set(reason, "status %ld%s%s%s%s", status, error->code[0] != '\0' ? " " : "",
               diag_printable(span_of(error->code), &code), error->message[0] != '\0' ? ": " : "",
               diag_printable(span_of(error->message), &message));
}

static enum answer expired(struct s3 *s3, uint64_t generation, struct reason *reason)
{
    static const char *const source[] = {
        [CREDENTIALS_ENVIRONMENT] = "in the environment",
        [CREDENTIALS_PROFILE] = "in the profile",
        [CREDENTIALS_CONTAINER] = "from the container",
        [CREDENTIALS_INSTANCE] = "from the instance",
    };
    if (generation != s3->generation || renew_refused(s3))
        return ANSWER_AGAIN;
    reason_set(reason, "the credentials %s have expired", source[s3->credentials.source]);
    return ANSWER_MISCONFIGURED;
}

/* What an error means by its code. */
enum meaning {
    MEANS_RETRY = 1,
    MEANS_SLOW_DOWN,
    MEANS_REJECTED,
    MEANS_EXPIRED,
    MEANS_SKEWED,
    MEANS_ELSEWHERE,
    MEANS_NO_BUCKET,
    MEANS_WRONG_SECRET,
    MEANS_UNKNOWN_KEY,
};

static enum meaning meaning_of(const char *code)
{
    static const struct {
        const char *code;
        enum meaning meaning;
    } known[] = {
        {"SlowDown", MEANS_SLOW_DOWN},
        {"ServiceUnavailable", MEANS_SLOW_DOWN},
        {"RequestTimeout", MEANS_RETRY},
        {"InternalError", MEANS_RETRY},
        {"OperationAborted", MEANS_RETRY},
        {"ConditionalRequestConflict", MEANS_RETRY},
        {"IncompleteBody", MEANS_RETRY},
        /* The object was altered on its way: it is sent again. */
        {"BadDigest", MEANS_RETRY},
        {"XAmzContentSHA256Mismatch", MEANS_RETRY},
        {"EntityTooLarge", MEANS_REJECTED},
        {"KeyTooLongError", MEANS_REJECTED},
        {"InvalidURI", MEANS_REJECTED},
        {"ExpiredToken", MEANS_EXPIRED},
        {"TokenRefreshRequired", MEANS_EXPIRED},
        {"RequestTimeTooSkewed", MEANS_SKEWED},
        {"RequestExpired", MEANS_SKEWED},
        {"AuthorizationHeaderMalformed", MEANS_ELSEWHERE},
        {"PermanentRedirect", MEANS_ELSEWHERE},
        {"TemporaryRedirect", MEANS_ELSEWHERE},
        {"Redirect", MEANS_ELSEWHERE},
        {"IllegalLocationConstraintException", MEANS_ELSEWHERE},
        {"NoSuchBucket", MEANS_NO_BUCKET},
        {"SignatureDoesNotMatch", MEANS_WRONG_SECRET},
        {"InvalidAccessKeyId", MEANS_UNKNOWN_KEY},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(code, known[i].code) == 0)
            return known[i].meaning;
    return 0;
}

/* What an answer without a code that is known means. */
static enum answer judge_status(long status, const struct s3_error *error, struct reason *reason)
{
    say_error(status, error, reason);
    switch (retry_status(status)) {
    case RETRY_LATER:
        return ANSWER_RETRY;
    case RETRY_SLOW_DOWN:
        return ANSWER_SLOW_DOWN;
    default:
        return status == 409 ? ANSWER_RETRY : ANSWER_REFUSED;
    }
}

/* Once a signature was right the secret is; what then does not match is the request. */
static enum answer wrong_signature(const struct s3 *s3, const struct s3_error *error,
                                   struct reason *reason)
{
    if (s3->secret_is_right) {
        reason_set(reason, "the store has received another request than was signed (%s)",
                   error->code);
        return ANSWER_REJECTED;
    }
    reason_set(reason,
               "the signature does not match (%s): the secret access key is not that of the "
               "access key id",
               error->code);
    return ANSWER_MISCONFIGURED;
}

/* What an answer means: of an object, or of the look at the bucket. */
static enum answer judge_answer(struct s3 *s3, long status, uint64_t generation,
                                const struct s3_answer *answer, struct reason *reason)
{
    const struct s3_error *error = &answer->error;
    if (status >= 200 && status < 300) {
        s3->secret_is_right = true;
        return ANSWER_DELIVERED;
    }
    if (status == 412 && s3->options.no_overwrite)
        return ANSWER_EXISTS;
    enum meaning meaning = meaning_of(error->code);
    if (meaning == 0 && status >= 300 && status < 400)
        meaning = MEANS_ELSEWHERE;
    say_error(status, error, reason);
    switch (meaning) {
    case MEANS_RETRY:
        return ANSWER_RETRY;
    case MEANS_SLOW_DOWN:
        return ANSWER_SLOW_DOWN;
    case MEANS_REJECTED:
        return ANSWER_REJECTED;
    case MEANS_EXPIRED:
        return expired(s3, generation, reason);
    case MEANS_SKEWED:
        say_skew(answer, reason);
        return ANSWER_MISCONFIGURED;
    case MEANS_ELSEWHERE:
        say_region(s3, status, answer, reason);
        return ANSWER_MISCONFIGURED;
    case MEANS_NO_BUCKET:
        reason_set(reason, "there is no bucket %s", s3->address.bucket);
        return ANSWER_MISCONFIGURED;
    case MEANS_WRONG_SECRET:
        return wrong_signature(s3, error, reason);
    case MEANS_UNKNOWN_KEY:
        reason_set(reason, "the store does not know the access key id (%s)", error->code);
        return ANSWER_MISCONFIGURED;
    default:
        return judge_status(status, error, reason);
    }
}

static void judge(void *context, struct request *request, const struct http_reply *reply,
                  struct judgement *judgement)
{
    struct s3 *s3 = context;
    struct s3_answer answer;
    s3->options.signature->answer(s3, request->transfer, reply, &answer);
    if (answer.etag[0] != '\0')
        judgement->etag = strcpy(s3->etag, answer.etag);
    judgement->answer =
        judge_answer(s3, reply->status, request->transfer->configured, &answer, &judgement->reason);
}

/* The bucket's answer.  What does not rule out that objects can be put is passed over: a key may
 * have the right to write and not to list, and a store that is away is waited for as always. */
static void judge_look(struct s3 *s3, const struct http_transfer *transfer,
                       const struct http_reply *reply)
{
    struct s3_answer answer;
    struct reason reason;
    struct printable error;
    s3->look = S3_LOOK_DONE;
    if (reply->code != CURLE_OK) {
        if (retry_transfer(reply->code, false) == RETRY_HOPELESS)
            reason_set(&s3->hopeless, "%s", diag_printable(span_of(reply->error), &error));
        return;
    }
    s3->options.signature->answer(s3, transfer, reply, &answer);
    switch (judge_answer(s3, reply->status, s3->generation, &answer, &reason)) {
    case ANSWER_AGAIN:
        s3->look = S3_LOOK_WANTED;
        break;
    case ANSWER_MISCONFIGURED:
        s3->hopeless = reason;
        break;
    case ANSWER_REFUSED:
        if (reply->status == 404)
            reason_set(&s3->hopeless,
                       "there is no bucket %s, or this is no S3 endpoint: status 404",
                       s3->address.bucket);
        break;
    default:
        break;
    }
}

static void looked(void *context, struct http_transfer *transfer, const struct http_reply *reply)
{
    struct s3 *s3 = context;
    judge_look(s3, transfer, reply);
    http_give(sender_http(s3->sender), transfer);
}

static void look(struct s3 *s3)
{
    struct http *http = sender_http(s3->sender);
    struct http_transfer *transfer = http_take(http);
    if (transfer == NULL) {
        reason_set(&s3->hopeless, "no memory left");
        return;
    }
    if (!s3->options.signature->look(s3, transfer, &s3->hopeless)) {
        http_give(http, transfer);
    } else if (!http_start(http, transfer, looked, s3)) {
        reason_set(&s3->hopeless, "no memory left");
        http_give(http, transfer);
    } else {
        s3->look = S3_LOOK_UNDER_WAY;
    }
}

/* Finds credentials anew where it is time.  False with a reason: those at hand have expired. */
static bool renew(struct s3 *s3, struct reason *reason)
{
    int64_t now = time(NULL);
    if (now < s3->renew_at || find_credentials(s3, reason))
        return true;
    s3->renew_at = now + RENEW_AGAIN;
    return now < s3->credentials.expires;
}

static enum readiness ready(void *context, struct sender *sender, int64_t now, int64_t *wake_at,
                            struct reason *reason)
{
    struct s3 *s3 = context;
    (void)now;
    (void)wake_at; /* the look's answer wakes the loop */
    if (!renew(s3, reason))
        return READY_NEVER;
    s3->sender = sender;
    if (s3->look == S3_LOOK_WANTED && s3->hopeless.text[0] == '\0')
        look(s3);
    if (s3->hopeless.text[0] != '\0') {
        *reason = s3->hopeless;
        return READY_NEVER;
    }
    return s3->look == S3_LOOK_DONE ? READY_NOW : READY_LATER;
}

static bool show(void *context, const struct request *request, struct out *out)
{
    struct s3 *s3 = context;
    char key[S3_KEY_MAX + 1], url[S3_URL_MAX], length[64];
    struct reason reason;
    size_t len, size = 0;
    if (!make_key(s3, request->records.first->name, key, &len, &reason))
        return true;
    s3_address_url(&s3->address, (struct span){key, len}, url);
    out_write(out, SPAN("PUT "));
    out_write(out, span_of(url));
    out_write(out, SPAN("\n"));
    s3->options.signature->show(s3, request->transfer, out);
    for (size_t i = 0; i < request->transfer->body.count; i++)
        size += request->transfer->body.piece[i].bytes.len;
    int n = snprintf(length, sizeof length, "Content-Length: %zu\n\n", size);
    out_write(out, (struct span){length, (size_t)n});
    edit_write(&request->transfer->body, out);
    return out_write(out, SPAN("\n\n"));
}

/* The endpoint and the region that were given, or that the environment and the profile have. */
static bool set_address(struct s3 *s3, struct reason *reason)
{
    const char *endpoint = s3->options.endpoint, *from = "--endpoint";
    struct reason why;
    if (endpoint == NULL)
        endpoint = variable(from = "AWS_ENDPOINT_URL_S3");
    if (endpoint == NULL)
        endpoint = variable(from = "AWS_ENDPOINT_URL");
    s3->region = s3->options.region;
    if (s3->region == NULL)
        s3->region = credentials_region(&s3->profile);
    if (s3->region == NULL)
        s3->region = "us-east-1";
    if (strlen(s3->region) > 40 || !header_is_value(span_of(s3->region)) ||
        strpbrk(s3->region, ":/ \t") != NULL)
        return reason_set(reason, "the region's name is none");
    if (s3_address_set(&s3->address, endpoint, s3->region, s3->options.bucket,
                       s3->options.addressing, &why))
        return true;
    if (endpoint == NULL)
        *reason = why;
    else
        reason_set(reason, "%s: %.400s", from, why.text);
    return false;
}

bool s3_begin(struct s3 *s3, const struct s3_options *options, bool dry)
{
    struct reason reason;
    *s3 = (struct s3){.options = *options, .renew_at = INT64_MAX};
    if (!profile_read(&s3->profile, options->profile, &reason) || !set_address(s3, &reason) ||
        !options->signature->begin(s3, &reason) || (!dry && !find_credentials(s3, &reason))) {
        diag_fail("%s", reason.text);
        return false;
    }
    snprintf(s3->name, sizeof s3->name, "s3://%s at %s", s3->address.bucket, s3->address.host);
    s3->service = (struct service){
        .context = s3,
        .accept = accept_line,
        .ready = ready,
        .prepare = prepare,
        .judge = judge,
        .show = show,
        .name = s3->name,
        .batch_events = 1,
    };
    return true;
}

const char *s3_ca_bundle(const struct s3 *s3)
{
    const char *bundle = variable("AWS_CA_BUNDLE");
    return bundle != NULL ? bundle : s3->profile.setting[PROFILE_CA_BUNDLE];
}

void s3_end(struct s3 *s3)
{
    if (s3->signing != NULL)
        s3->options.signature->end(s3);
    credentials_free(&s3->credentials);
    profile_free(&s3->profile);
}
