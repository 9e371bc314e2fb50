/* Signature version 2, through libs3.
 *
 * libs3 carries out PUTs itself.  It does not verify the certificates of servers, so that it puts
 * over plain http only, and what it cannot sign is refused: session tokens, storage classes,
 * encryption and conditions.  Everything else is a GET, which
 * libs3 signs by the URL's query, and libcurl sends: the look at the bucket finds a store that
 * redirects, which libs3 would follow with an event, before anything is put. */
#include "config.h"

#include "base/clock.h"
#include "base/out.h"
#include "base/secret.h"
#include "deliver/receipts.h"
#include "deliver/retry.h"
#include "s3/s3_signature.h"

#include <libs3.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <time.h>

enum { MOST_REQUESTS = 256 }; /* libs3 waits by select(2), which knows 1,024 descriptors */

/* One PUT, from when it is set up until its answer was read. */
struct v2_request {
    struct http_transfer *transfer; /* NULL: nobody waits for it any more */
    char key[S3_KEY_MAX + 1];
    char md5[32]; /* "" for none */
    struct span body;
    size_t sent;
    int64_t timeout;    /* microseconds */
    int64_t give_up_at; /* when, by clock_now() */
    bool started, done;
    S3Status status;
    struct s3_error error;
    struct v2_request *next;
};

struct v2 {
    struct http_carrier carrier; /* first: the carrier is the whole */
    struct s3_signing *signing;
    S3RequestContext *context;
    S3PutProperties properties;
    struct v2_request *all;
    size_t count;
};

static void copy(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from != NULL ? from : "");
}

/* What libs3 calls while a request is under way. */

static S3Status take_properties(const S3ResponseProperties *properties, void *context)
{
    (void)properties, (void)context; /* of an object that was put libs3 2.0 tells nothing */
    return S3StatusOK;
}

static void take_status(S3Status status, const S3ErrorDetails *details, void *context)
{
    struct v2_request *request = context;
    struct s3_error *error = &request->error;
    request->done = true;
    request->status = status;
    if (details == NULL)
        return;
    copy(error->message, sizeof error->message, details->message);
    for (int i = 0; i < details->extraDetailsCount; i++) {
        const S3NameValue *detail = &details->extraDetails[i];
        if (strcmp(detail->name, "Region") == 0)
            copy(error->region, sizeof error->region, detail->value);
        else if (strcmp(detail->name, "ServerTime") == 0)
            copy(error->server_time, sizeof error->server_time, detail->value);
        else if (strcmp(detail->name, "ArgumentName") == 0)
            copy(error->argument, sizeof error->argument, detail->value);
    }
}

static int give_data(int size, char *buffer, void *context)
{
    struct v2_request *request = context;
    if (request->transfer == NULL)
        return -1;
    size_t len = request->body.len - request->sent;
    if (len > (size_t)size)
        len = (size_t)size;
    memcpy(buffer, request->body.at + request->sent, len);
    request->sent += len;
    return (int)len;
}

/* What libs3 signs with. */
static S3BucketContext bucket_of(const struct s3_signing *signing)
{
    return (S3BucketContext){
        .hostName = signing->address->host,
        .bucketName = signing->address->bucket,
        .protocol = signing->address->https ? S3ProtocolHTTPS : S3ProtocolHTTP,
        .uriStyle = signing->address->virtual_host ? S3UriStyleVirtualHost : S3UriStylePath,
        .accessKeyId = signing->credentials->access_key,
        .secretAccessKey = signing->credentials->secret_key,
    };
}

/* The carrier. */

static bool v2_start(struct http_carrier *carrier, struct http_transfer *transfer)
{
    static const S3PutObjectHandler put = {{take_properties, take_status}, give_data};
    struct v2 *v2 = (struct v2 *)carrier;
    struct v2_request *request = transfer->carried;
    const S3BucketContext bucket = bucket_of(v2->signing);
    request->started = true;
    request->give_up_at = clock_now() + request->timeout;
    S3PutProperties properties = v2->properties;
    properties.md5 = request->md5[0] != '\0' ? request->md5 : NULL;
    /* Where it fails at once take_status() is called from within. */
    S3_put_object(&bucket, request->key, request->body.len, &properties, v2->context, &put,
                  request);
    return true;
}

/* What went wrong where no answer came; CURLE_OK where one did. */
static CURLcode transfer_code(S3Status status)
{
    switch (status) {
    case S3StatusOutOfMemory:
        return CURLE_OUT_OF_MEMORY;
    case S3StatusNameLookupError:
        return CURLE_COULDNT_RESOLVE_HOST;
    case S3StatusFailedToConnect:
        return CURLE_COULDNT_CONNECT;
    case S3StatusInternalError:
    case S3StatusInterrupted:
    case S3StatusFailedToInitializeRequest:
    case S3StatusConnectionFailed:
    case S3StatusAbortedByCallback:
        return CURLE_RECV_ERROR;
    default:
        return CURLE_OK;
    }
}

/* The HTTP status that S3 gives with an error; libs3 does not tell it. */
static long http_status(S3Status status)
{
    switch (status) {
    case S3StatusOK:
        return 200;
    case S3StatusHttpErrorMovedTemporarily:
    case S3StatusErrorRedirect:
    case S3StatusErrorTemporaryRedirect:
        return 307;
    case S3StatusErrorPermanentRedirect:
        return 301;
    case S3StatusErrorAccessDenied:
    case S3StatusErrorInvalidAccessKeyId:
    case S3StatusErrorSignatureDoesNotMatch:
    case S3StatusErrorRequestTimeTooSkewed:
    case S3StatusHttpErrorForbidden:
        return 403;
    case S3StatusErrorNoSuchBucket:
    case S3StatusHttpErrorNotFound:
        return 404;
    case S3StatusErrorOperationAborted:
    case S3StatusHttpErrorConflict:
        return 409;
    case S3StatusErrorNotImplemented:
        return 501;
    case S3StatusErrorSlowDown:
        return 503;
    case S3StatusXmlParseFailure:
    case S3StatusErrorInternalError:
    case S3StatusErrorUnknown: /* of a code that libs3 does not know, as ServiceUnavailable */
    case S3StatusHttpErrorUnknown:
        return 500;
    default:
        return 400;
    }
}

/* The code as S3 gives it: libs3's name for it has "Error" before that. */
static void set_code(struct v2_request *request)
{
    if (request->status == S3StatusKeyTooLong || request->status == S3StatusUriTooLong)
        copy(request->error.code, sizeof request->error.code, "KeyTooLongError");
    else if (request->status > S3StatusAbortedByCallback && request->status < S3StatusErrorUnknown)
        copy(request->error.code, sizeof request->error.code,
             S3_get_status_name(request->status) + strlen("Error"));
}

static void finish(struct http *http, struct v2_request *request, CURLcode code)
{
    struct http_transfer *transfer = request->transfer;
    struct http_reply reply = {.code = code, .body = SPAN(""), .error = ""};
    if (code == CURLE_OK) {
        set_code(request);
        reply.status = http_status(request->status);
    } else {
        reply.error = code == CURLE_OPERATION_TIMEDOUT ? "no answer in time"
                                                       : S3_get_status_name(request->status);
    }
    http_finish(http, transfer, &reply);
    transfer->carried = NULL;
}

/* Ends the requests that are done; those that took too long are left to libs3. */
static void v2_run(struct http_carrier *carrier, struct http *http)
{
    struct v2 *v2 = (struct v2 *)carrier;
    int remaining;
    S3_runonce_request_context(v2->context, &remaining);
    int64_t now = clock_now();
    for (struct v2_request *request, **at = &v2->all; (request = *at) != NULL;) {
        if (!request->done) {
            at = &request->next;
            if (request->started && request->transfer != NULL && now >= request->give_up_at) {
                finish(http, request, CURLE_OPERATION_TIMEDOUT);
                request->transfer = NULL;
            }
            continue;
        }
        *at = request->next;
        v2->count--;
        if (request->transfer != NULL)
            finish(http, request, transfer_code(request->status));
        free(request);
    }
}

static unsigned v2_watch(struct http_carrier *carrier, struct curl_waitfd *fd, unsigned room,
                         int64_t *timeout)
{
    struct v2 *v2 = (struct v2 *)carrier;
    fd_set in, out, bad;
    int last = -1;
    unsigned count = 0;
    if (v2->count == 0)
        return 0;
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_ZERO(&bad);
    S3_get_request_context_fdsets(v2->context, &in, &out, &bad, &last);
    for (int i = 0; i <= last && count < room; i++) {
        short events = (short)((FD_ISSET(i, &in) ? CURL_WAIT_POLLIN : 0) |
                               (FD_ISSET(i, &out) ? CURL_WAIT_POLLOUT : 0));
        if (events != 0)
            fd[count++] = (struct curl_waitfd){.fd = i, .events = events};
    }
    /* Where libs3 has no descriptor yet it is looking up a name; it cannot say when that ends. */
    int64_t wait = last < 0 ? 10 : S3_get_request_context_timeout(v2->context);
    if (wait >= 0 && wait * CLOCK_MS < *timeout)
        *timeout = wait * CLOCK_MS;
    int64_t now = clock_now();
    for (const struct v2_request *r = v2->all; r != NULL; r = r->next)
        if (r->started && r->transfer != NULL && r->give_up_at - now < *timeout)
            *timeout = r->give_up_at > now ? r->give_up_at - now : 0;
    return count;
}

static void v2_cancel(struct http_carrier *carrier, struct http_transfer *transfer)
{
    struct v2_request *request = transfer->carried;
    (void)carrier;
    request->transfer = NULL;
    transfer->carried = NULL;
}

/* The signature. */

static bool set_acl(S3PutProperties *properties, const char *acl, struct reason *reason)
{
    static const struct {
        const char *name;
        S3CannedAcl acl;
    } known[] = {{"private", S3CannedAclPrivate},
                 {"public-read", S3CannedAclPublicRead},
                 {"public-read-write", S3CannedAclPublicReadWrite},
                 {"authenticated-read", S3CannedAclAuthenticatedRead}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (acl == NULL || strcmp(acl, known[i].name) == 0) {
            properties->cannedAcl = known[i].acl;
            return true;
        }
    return reason_set(reason, "--signature=v2: libs3 knows the ACLs private, public-read, "
                              "public-read-write and authenticated-read");
}

/* False with a reason: the options ask for what libs3 cannot do. */
static bool check(const struct s3_signing *signing, struct reason *reason)
{
    const struct s3_put_options *o = &signing->put;
    if (signing->address->https && o->content_type != NULL)
        return reason_set(reason, "--signature=v2 puts through libs3, which does not verify "
                                  "certificates: give an endpoint of http://, on this host or "
                                  "behind a TLS proxy");
    const char *option = o->no_overwrite            ? "--no-overwrite"
                         : o->storage_class != NULL ? "--storage-class"
                         : o->sse != NULL           ? "--sse"
                                                    : NULL;
    return option == NULL || reason_set(reason, "%s needs --signature=v4", option);
}

static bool v2_begin(struct s3_signing *signing, struct reason *reason)
{
    if (!check(signing, reason))
        return false;
    struct v2 *v2 = calloc(1, sizeof *v2);
    if ((signing->state = v2) == NULL)
        return reason_set(reason, "there is not enough memory");
    v2->signing = signing;
    v2->carrier = (struct http_carrier){v2_start, v2_run, v2_watch, v2_cancel};
    v2->properties = (S3PutProperties){
        .contentType = signing->put.content_type,
        .contentEncoding = signing->put.gzip ? "gzip" : NULL,
        .expires = -1,
    };
    if (!set_acl(&v2->properties, signing->put.acl, reason))
        return false;
    return (S3_initialize(diag_program(), S3_INIT_ALL, signing->address->host) == S3StatusOK &&
            S3_create_request_context(&v2->context) == S3StatusOK) ||
           reason_set(reason, "libs3 cannot be used");
}

/* Gives the transfer a request of its own.  NULL with a reason. */
static struct v2_request *request_new(struct s3_signing *signing, struct http_transfer *transfer,
                                      struct reason *reason)
{
    struct v2 *v2 = signing->state;
    /* There is one already where a request was set up and not started. */
    struct v2_request *request = transfer->carried;
    if (request == NULL && v2->count < MOST_REQUESTS &&
        (request = calloc(1, sizeof *request)) != NULL) {
        request->next = v2->all;
        v2->all = request;
        v2->count++;
    }
    if (request == NULL) {
        reason_set(reason, "there is not enough memory, or more than %d requests at once",
                   MOST_REQUESTS);
        return NULL;
    }
    request->transfer = transfer;
    transfer->carrier = &v2->carrier;
    transfer->carried = request;
    return request;
}

static bool set_put(struct s3_signing *signing, struct http_transfer *transfer,
                    const struct s3_request *wanted, struct reason *reason)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len;
    struct v2_request *request = request_new(signing, transfer, reason);
    if (request == NULL)
        return false;
    memcpy(request->key, wanted->key.at, wanted->key.len);
    request->key[wanted->key.len] = '\0';
    request->body = wanted->body;
    request->timeout = wanted->timeout;
    edit_add(&transfer->body, wanted->body);
    if (signing->put.content_md5) {
        if (EVP_Digest(wanted->body.at, wanted->body.len, digest, &len, EVP_md5(), NULL) != 1)
            return reason_set(reason, "no MD5 in libcrypto");
        EVP_EncodeBlock((unsigned char *)request->md5, digest, (int)len);
    }
    return true;
}

/* A GET: libs3 signs the URL, which may be used for as long as a request can take. */
static bool set_get(struct s3_signing *signing, struct http_transfer *transfer,
                    const struct s3_request *wanted, struct reason *reason)
{
    enum { VALID = 3600 }; /* seconds */
    const S3BucketContext bucket = bucket_of(signing);
    char key[S3_KEY_MAX + 1], signed_url[S3_MAX_AUTHENTICATED_QUERY_STRING_SIZE], *url, range[32];
    struct curl_slist *headers = NULL;
    char match[96];
    snprintf(key, sizeof key, "%.*s", (int)wanted->key.len,
             wanted->key.len > 0 ? wanted->key.at : "");
    if (S3_generate_authenticated_query_string(signed_url, &bucket,
                                               wanted->key.len > 0 ? key : NULL, time(NULL) + VALID,
                                               NULL) != S3StatusOK)
        return reason_set(reason, "libs3 cannot sign a URL for this key");
    if (wanted->if_match != NULL) {
        snprintf(match, sizeof match, "If-Match: \"%s\"", wanted->if_match);
        headers = curl_slist_append(NULL, match);
    }
    if (asprintf(&url, "%s%s%s", signed_url, wanted->query != NULL ? "&" : "",
                 wanted->query != NULL ? wanted->query : "") < 0 ||
        (wanted->if_match != NULL && headers == NULL))
        return reason_set(reason, "there is not enough memory");
    transfer->carrier = NULL;
    http_set_headers(transfer, headers);
    snprintf(range, sizeof range, "%llu-", (unsigned long long)wanted->from);
    curl_easy_setopt(transfer->easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(transfer->easy, CURLOPT_RANGE, wanted->from > 0 ? range : NULL);
    curl_easy_setopt(transfer->easy, CURLOPT_URL, url);
    secret_free(url);
    return true;
}

static bool v2_set(struct s3_signing *signing, struct http_transfer *transfer,
                   const struct s3_request *request, struct reason *reason)
{
    if (signing->credentials->token != NULL)
        return reason_set(reason, "--signature=v2 through libs3 cannot sign session tokens");
    /* libs3 writes a space in a URL as '+', which is another key to most stores. */
    if (request->key.len > 0 && memchr(request->key.at, ' ', request->key.len) != NULL)
        return reason_set(reason, "a key with a space in it needs --signature=v4");
    transfer->configured = *signing->generation;
    switch (request->method) {
    case S3_PUT:
        return set_put(signing, transfer, request, reason);
    case S3_GET:
        return set_get(signing, transfer, request, reason);
    default:
        return reason_set(reason, "--signature=v2 through libs3 cannot sign a HEAD");
    }
}

static void v2_answer(struct s3_signing *signing, const struct http_transfer *transfer,
                      const struct http_reply *reply, struct s3_answer *answer)
{
    const struct v2_request *request = transfer->carried;
    (void)signing;
    if (transfer->carrier != NULL)
        *answer = (struct s3_answer){.error = request->error, .length = -1};
    else
        s3_answer_read(reply, answer);
}

static bool v2_show(struct s3_signing *signing, const struct http_transfer *transfer,
                    struct out *out)
{
    const struct v2_request *request = transfer->carried;
    const S3PutProperties *properties = &((const struct v2 *)signing->state)->properties;
    char text[512];
    int len = snprintf(text, sizeof text, "Content-Type: %.200s\n%s%s%s%s", properties->contentType,
                       properties->contentEncoding != NULL ? "Content-Encoding: gzip\n" : "",
                       request->md5[0] != '\0' ? "Content-MD5: " : "", request->md5,
                       request->md5[0] != '\0' ? "\n" : "");
    return out_write(out, (struct span){text, (size_t)len});
}

static void v2_end(struct s3_signing *signing)
{
    struct v2 *v2 = signing->state;
    if (v2 == NULL)
        return;
    /* Their transfers are gone by now. */
    for (struct v2_request *r = v2->all; r != NULL; r = r->next)
        r->transfer = NULL;
    if (v2->context != NULL) {
        S3_destroy_request_context(v2->context);
        S3_deinitialize();
    }
    for (struct v2_request *r; (r = v2->all) != NULL;) {
        v2->all = r->next;
        free(r);
    }
    free(v2);
    signing->state = NULL;
}

const struct s3_signature s3_v2 = {
    .begin = v2_begin,
    .set = v2_set,
    .answer = v2_answer,
    .show = v2_show,
    .end = v2_end,
};
