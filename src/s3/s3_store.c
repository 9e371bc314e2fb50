#include "config.h"

#include "base/environment.h"
#include "deliver/retry.h"
#include "s3/s3_list.h"
#include "s3/s3_store.h"

#include <stdio.h>
#include <time.h>

static const char *const addressing_names[] = {"auto", "virtual", "path", NULL};
static const char *const signature_names[] = {"v4", "v2", NULL};

const struct option_line s3_store_options[] = {
    {.name = "bucket",
     .argument = "NAME",
     .help = "the bucket",
     OPTION_TEXT(struct s3_store_options, bucket)},
    {.name = "region",
     .argument = "NAME",
     .help = "its region (else $AWS_REGION, the profile's,\nor us-east-1)",
     OPTION_TEXT(struct s3_store_options, region)},
    {.name = "endpoint",
     .argument = "URL",
     .help = "the store, if it is not AWS (else\n$AWS_ENDPOINT_URL_S3)",
     OPTION_TEXT(struct s3_store_options, endpoint)},
    {.name = "addressing",
     .argument = "HOW",
     .help = "virtual: BUCKET.HOST; path: HOST/BUCKET; auto:\nvirtual at AWS, path elsewhere",
     OPTION_CHOICE(struct s3_store_options, addressing, addressing_names)},
    {.name = "profile",
     .argument = "NAME",
     .help = "the profile in ~/.aws (else $AWS_PROFILE)",
     OPTION_TEXT(struct s3_store_options, profile)},
    {.name = "signature",
     .argument = "VERSION",
     .help = "the version of the signature (default v4)",
     OPTION_CHOICE(struct s3_store_options, signature, signature_names)},
    {.name = NULL},
};

/* Writes the time as RFC 3339 has it. */
static const char *utc(time_t time, char text[32])
{
    struct tm parts;
    if (gmtime_r(&time, &parts) == NULL || strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        strcpy(text, "?");
    return text;
}

/* Adds both clocks to the reason, if they differ too much. */
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

static void say_region(const struct s3_store *store, long status, const struct s3_answer *answer,
                       struct reason *reason)
{
    struct printable shown;
    if (answer->error.region[0] != '\0')
        reason_set(reason, "bucket %s is in region %s, not in %s (--region)", store->address.bucket,
                   diag_printable(span_of(answer->error.region), &shown), store->region);
    else
        reason_set(reason,
                   "bucket %s is not in region %s (--region), or not at this endpoint: "
                   "status %ld %s",
                   store->address.bucket, store->region, status,
                   diag_printable(span_of(answer->error.code), &shown));
}

/* The option whose value is sent in this header. */
static const char *option_of(const char *header)
{
    static const struct {
        const char *header, *option;
    } known[] = {
        {"x-amz-acl", "--acl"},
        {"x-amz-storage-class", "--storage-class"},
        {"x-amz-server-side-encryption", "--sse"},
        {"x-amz-server-side-encryption-aws-kms-key-id", "--sse"},
        {"content-type", "--content-type"},
        {"if-none-match", "--no-overwrite"},
        {"prefix", "--prefix"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcasecmp(header, known[i].header) == 0)
            return known[i].option;
    return NULL;
}

/* Names the options that may be the cause of a refusal. */
static void say_options(const struct s3_store *store, const struct s3_error *error,
                        struct reason *reason)
{
    const struct s3_put_options *put = &store->options.put;
    struct printable shown;
    const char *option = option_of(error->argument);
    struct reason more = {""};
    if (strcmp(error->code, "InvalidStorageClass") == 0)
        option = "--storage-class";
    if (option != NULL)
        reason_set(&more, " (%s)", option);
    else if (error->argument[0] != '\0')
        reason_set(&more, " (%s)", diag_printable(span_of(error->argument), &shown));
    else if (strcmp(error->code, "InvalidArgument") == 0 &&
             (put->acl != NULL || put->storage_class != NULL || put->sse != NULL))
        reason_set(&more, " (it may be about%s%s%s)", put->acl != NULL ? " --acl" : "",
                   put->storage_class != NULL ? " --storage-class" : "",
                   put->sse != NULL ? " --sse" : "");
    reason_append(reason, span_of(more.text));
}

/* Status, code and message, as the store sent them. */
static void say_error(const struct s3_store *store, long status, const struct s3_answer *answer,
                      struct reason *reason)
{
    const struct s3_error *error = &answer->error;
    struct printable code, message, server;
    reason_set(reason, "status %ld%s%s%s%s", status, error->code[0] != '\0' ? " " : "",
               diag_printable(span_of(error->code), &code), error->message[0] != '\0' ? ": " : "",
               diag_printable(span_of(error->message), &message));
    if (error->code[0] == '\0' && !store->secret_is_right && status >= 400 && status < 500)
        reason_set(
            reason, "status %ld without an S3 error: %s does not answer as an S3 store%s%s%s",
            status, store->address.host, answer->server[0] != '\0' ? " (Server: " : "",
            diag_printable(span_of(answer->server), &server), answer->server[0] != '\0' ? ")" : "");
    say_options(store, error, reason);
}

void s3_store_say_no_listing(const struct s3_store *store, long status,
                             const struct s3_answer *answer, struct reason *reason)
{
    struct printable server;
    reason_set(reason,
               "%s is not an S3 store, or not one that lists: it answered with status %ld and not "
               "with a listing%s%s%s",
               store->address.host, status, answer->server[0] != '\0' ? " (Server: " : "",
               diag_printable(span_of(answer->server), &server),
               answer->server[0] != '\0' ? ")" : "");
}

/* What an error's code means. */
enum code_meaning {
    CODE_UNKNOWN,
    CODE_RETRY,
    CODE_SLOW_DOWN,
    CODE_REJECTED,
    CODE_GONE,
    CODE_EXPIRED,
    CODE_SKEWED,
    CODE_ELSEWHERE,
    CODE_NO_BUCKET,
    CODE_WRONG_SECRET,
    CODE_UNKNOWN_KEY,
};

static enum code_meaning meaning_of(const char *code)
{
    static const struct {
        const char *code;
        enum code_meaning meaning;
    } known[] = {
        {"SlowDown", CODE_SLOW_DOWN},
        {"ServiceUnavailable", CODE_SLOW_DOWN},
        {"RequestTimeout", CODE_RETRY},
        {"InternalError", CODE_RETRY},
        {"OperationAborted", CODE_RETRY},
        {"ConditionalRequestConflict", CODE_RETRY},
        {"IncompleteBody", CODE_RETRY},
        /* The object was altered in transit: it is sent again. */
        {"BadDigest", CODE_RETRY},
        {"XAmzContentSHA256Mismatch", CODE_RETRY},
        {"EntityTooLarge", CODE_REJECTED},
        {"KeyTooLongError", CODE_REJECTED},
        {"InvalidURI", CODE_REJECTED},
        {"InvalidObjectState", CODE_REJECTED}, /* archived, to be restored first */
        {"NoSuchKey", CODE_GONE},
        {"ExpiredToken", CODE_EXPIRED},
        {"TokenRefreshRequired", CODE_EXPIRED},
        {"RequestTimeTooSkewed", CODE_SKEWED},
        {"RequestExpired", CODE_SKEWED},
        {"AuthorizationHeaderMalformed", CODE_ELSEWHERE},
        {"PermanentRedirect", CODE_ELSEWHERE},
        {"TemporaryRedirect", CODE_ELSEWHERE},
        {"Redirect", CODE_ELSEWHERE},
        {"IllegalLocationConstraintException", CODE_ELSEWHERE},
        {"NoSuchBucket", CODE_NO_BUCKET},
        {"SignatureDoesNotMatch", CODE_WRONG_SECRET},
        {"InvalidAccessKeyId", CODE_UNKNOWN_KEY},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(code, known[i].code) == 0)
            return known[i].meaning;
    return CODE_UNKNOWN;
}

/* What a response without a known code means. */
static enum s3_meaning judge_status(long status)
{
    switch (retry_status(status)) {
    case RETRY_LATER:
        return S3_RETRY;
    case RETRY_SLOW_DOWN:
        return S3_SLOW_DOWN;
    default:
        return status == 412 ? S3_EXISTS : status == 409 ? S3_RETRY : S3_REFUSED;
    }
}

/* Once a signature has been accepted, the secret is known to be right; a later mismatch is the
 * request's. */
static enum s3_meaning wrong_signature(const struct s3_store *store, const struct s3_error *error,
                                       struct reason *reason)
{
    if (store->secret_is_right) {
        reason_set(reason,
                   "the store received a different request than the one that was signed (%s)",
                   error->code);
        return S3_REJECTED;
    }
    reason_set(reason,
               "the signature does not match (%s): the secret access key does not belong to the "
               "access key ID",
               error->code);
    return S3_MISCONFIGURED;
}

enum s3_meaning s3_store_judge(struct s3_store *store, const struct http_transfer *transfer,
                               const struct http_response *response, struct s3_answer *answer,
                               struct reason *reason)
{
    const struct s3_error *error = &answer->error;
    long status = response->status;
    s3_answer_read(response, answer);
    if (status >= 200 && status < 300) {
        store->secret_is_right = true;
        return S3_DONE;
    }
    enum code_meaning meaning = meaning_of(error->code);
    if (meaning == CODE_UNKNOWN && status >= 300 && status < 400)
        meaning = CODE_ELSEWHERE;
    say_error(store, status, answer, reason);
    switch (meaning) {
    case CODE_RETRY:
        return S3_RETRY;
    case CODE_SLOW_DOWN:
        return S3_SLOW_DOWN;
    case CODE_REJECTED:
        return S3_REJECTED;
    case CODE_GONE:
        return S3_GONE;
    case CODE_EXPIRED:
        return keyring_expired(&store->keyring, transfer->configured, reason) ? S3_AGAIN
                                                                              : S3_MISCONFIGURED;
    case CODE_SKEWED:
        say_skew(answer, reason);
        return S3_MISCONFIGURED;
    case CODE_ELSEWHERE:
        say_region(store, status, answer, reason);
        return S3_MISCONFIGURED;
    case CODE_NO_BUCKET:
        reason_set(reason, "there is no bucket %s", store->address.bucket);
        return S3_MISCONFIGURED;
    case CODE_WRONG_SECRET:
        return wrong_signature(store, error, reason);
    case CODE_UNKNOWN_KEY:
        reason_set(reason, "the store does not know the access key ID (%s)", error->code);
        return S3_MISCONFIGURED;
    default:
        return judge_status(status);
    }
}

/* --- The probe of the bucket --- */

/* Ignores errors that do not rule out that objects can be put: a key may have the right to write
 * and not to list, and an unavailable store is waited for as always. */
static void judge_probe(struct s3_store *store, const struct http_transfer *transfer,
                        const struct http_response *response)
{
    struct s3_answer answer;
    struct s3_page page;
    struct reason reason;
    store->probe = S3_PROBE_DONE;
    if (response->code != CURLE_OK) {
        if (retry_transfer(response->code, false) == RETRY_HOPELESS) {
            store->hopeless.text[0] = '\0';
            reason_append(&store->hopeless, span_of(response->error));
        }
        return;
    }
    switch (s3_store_judge(store, transfer, response, &answer, &reason)) {
    case S3_DONE:
        if (!s3_page_read(&page, response->body))
            s3_store_say_no_listing(store, response->status, &answer, &store->hopeless);
        s3_page_free(&page);
        break;
    case S3_AGAIN:
        store->probe = S3_PROBE_WANTED;
        break;
    case S3_MISCONFIGURED:
        store->hopeless = reason;
        break;
    case S3_REFUSED:
    case S3_GONE:
        if (response->status == 404 || response->status == 405)
            reason_set(&store->hopeless,
                       "there is no bucket %s, or this is not an S3 endpoint: status %ld",
                       store->address.bucket, response->status);
        break;
    default:
        break;
    }
}

static void probe_answered(void *context, struct http_transfer *transfer,
                           const struct http_response *response)
{
    struct s3_store *store = context;
    judge_probe(store, transfer, response);
    http_give(store->http, transfer);
}

static void probe(struct s3_store *store)
{
    char query[S3_LIST_QUERY_MAX];
    s3_list_query(&(struct s3_list_query){.most = 0}, query);
    if (s3_store_list(store, query, probe_answered, store, &store->hopeless) != NULL)
        store->probe = S3_PROBE_UNDER_WAY;
}

enum s3_readiness s3_store_ready(struct s3_store *store, struct http *http, bool probed,
                                 struct reason *reason)
{
    store->http = http;
    switch (keyring_ready(&store->keyring, http, reason)) {
    case KEYRING_EMPTY:
        return S3_NEVER;
    case KEYRING_WAITS:
        return S3_WAITS;
    default:
        break;
    }
    if (!probed)
        return S3_READY;
    if (store->probe == S3_PROBE_WANTED && store->hopeless.text[0] == '\0')
        probe(store);
    if (store->hopeless.text[0] != '\0') {
        *reason = store->hopeless;
        return S3_NEVER;
    }
    return store->probe == S3_PROBE_DONE ? S3_READY : S3_WAITS;
}

bool s3_store_set(struct s3_store *store, struct http_transfer *transfer,
                  const struct s3_request *request, struct reason *reason)
{
    return s3_signing_set(&store->signing, transfer, request, reason);
}

/* Whether the region can be part of a signature. */
static bool check_region(const char *region, struct reason *reason)
{
    struct printable shown;
    for (const char *c = region; *c != '\0'; c++)
        if (*c <= 0x20 || *c >= 0x7f || strchr(":/", *c) != NULL || c - region > 40)
            return reason_set(reason,
                              "'%s' is not the name of a region (at most 40 visible characters "
                              "without ':' and '/')",
                              diag_printable(span_of(region), &shown));
    return true;
}

/* Sets the endpoint and the region, from the options, the environment or the profile. */
static bool set_address(struct s3_store *store, struct reason *reason)
{
    const char *endpoint = store->options.endpoint, *from = "--endpoint";
    struct reason why;
    if (endpoint == NULL)
        endpoint = environment_value(from = "AWS_ENDPOINT_URL_S3");
    if (endpoint == NULL)
        endpoint = environment_value(from = "AWS_ENDPOINT_URL");
    store->region = store->options.region;
    if (store->region == NULL)
        store->region = credentials_region(&store->keyring.profile);
    if (store->region == NULL)
        store->region = "us-east-1";
    if (!check_region(store->region, reason))
        return false;
    if (s3_address_set(&store->address, endpoint, store->region, store->options.bucket,
                       (enum s3_addressing)store->options.addressing, &why))
        return true;
    /* If the host is set, the endpoint is valid and the bucket's name is not. */
    if (endpoint == NULL || store->address.host[0] != '\0')
        *reason = why;
    else
        reason_set(reason, "%s: %.400s", from, why.text);
    return false;
}

bool s3_store_begin(struct s3_store *store, const struct s3_store_options *options, bool dry)
{
    struct reason reason;
    static const struct s3_signature *const signatures[] = {&s3_v4, &s3_v2};
    *store = (struct s3_store){.options = *options};
    bool begun =
        keyring_begin(&store->keyring, options->profile, &reason) && set_address(store, &reason);
    store->signing = (struct s3_signing){
        .address = &store->address,
        .region = store->region,
        .credentials = &store->keyring.credentials,
        .generation = &store->keyring.generation,
        .put = options->put,
        .signature = signatures[options->signature],
    };
    if (!begun || !s3_signing_begin(&store->signing, &reason) ||
        (!dry && !keyring_find(&store->keyring, &reason))) {
        diag_fail("%s", reason.text);
        return false;
    }
    snprintf(store->name, sizeof store->name, "s3://%s at %s", store->address.bucket,
             store->address.host);
    return true;
}

const char *s3_store_ca_bundle(const struct s3_store *store)
{
    const char *bundle = environment_value("AWS_CA_BUNDLE");
    return bundle != NULL ? bundle : store->keyring.profile.setting[PROFILE_CA_BUNDLE];
}

void s3_store_end(struct s3_store *store)
{
    s3_signing_end(&store->signing);
    keyring_end(&store->keyring);
}

struct http_transfer *s3_store_list(struct s3_store *store, const char *query, http_done *done,
                                    void *context, struct reason *reason)
{
    struct s3_request request = {.method = S3_GET, .query = query};
    struct http_transfer *transfer = http_take(store->http);
    if (transfer == NULL) {
        reason_set(reason, "there is not enough memory");
        return NULL;
    }
    if (s3_store_set(store, transfer, &request, reason)) {
        if (http_start(store->http, transfer, done, context))
            return transfer;
        reason_set(reason, "there is not enough memory");
    }
    http_give(store->http, transfer);
    return NULL;
}
