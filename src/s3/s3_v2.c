/* Signature version 2, through libs3, which carries its requests out itself.
 *
 * libs3 2.0 does not verify the certificates of servers, and follows redirects; so it gets to work
 * with plain http alone, and what it cannot sign is refused: session tokens, storage classes,
 * encryption and conditions. */
#include "config.h"

#include "deliver/receipts.h"
#include "s3/s3_signature.h"

#include <libs3.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>

enum { MOST_REQUESTS = 256 }; /* libs3 waits by select(2), which knows 1,024 descriptors */

/* One request, from put() or look() until its answer was read. */
struct v2_request {
    struct http_transfer *transfer; /* NULL: nobody waits for it any more */
    bool look;                      /* at the bucket; else it puts an object */
    char key[S3_KEY_MAX + 1];
    char md5[32]; /* "" for none */
    struct span body;
    size_t sent;
    int64_t give_up_at; /* when, by receipts_clock() */
    bool started, done;
    S3Status status;
    struct s3_error error;
    struct v2_request *next;
};

struct v2 {
    struct http_carrier carrier; /* first: the carrier is the whole */
    struct s3 *s3;
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

static S3Status take_list(int truncated, const char *marker, int count,
                          const S3ListBucketContent *contents, int prefixes, const char **prefix,
                          void *context)
{
    (void)truncated, (void)marker, (void)count, (void)contents, (void)prefixes, (void)prefix;
    (void)context;
    return S3StatusOK;
}

/* The carrier. */

static bool v2_start(struct http_carrier *carrier, struct http_transfer *transfer)
{
    static const S3PutObjectHandler put = {{take_properties, take_status}, give_data};
    static const S3ListBucketHandler list = {{take_properties, take_status}, take_list};
    struct v2 *v2 = (struct v2 *)carrier;
    struct v2_request *request = transfer->carried;
    const struct s3 *s3 = v2->s3;
    const S3BucketContext bucket = {
        .hostName = s3->address.host,
        .bucketName = s3->address.bucket,
        .protocol = S3ProtocolHTTP,
        .uriStyle = s3->address.virtual_host ? S3UriStyleVirtualHost : S3UriStylePath,
        .accessKeyId = s3->credentials.access_key,
        .secretAccessKey = s3->credentials.secret_key,
    };
    request->started = true;
    request->give_up_at = receipts_clock() + sender_http(s3->sender)->options.timeout;
    S3PutProperties properties = v2->properties;
    properties.md5 = request->md5[0] != '\0' ? request->md5 : NULL;
    /* Where it fails at once take_status() is called from within. */
    if (request->look)
        S3_list_bucket(&bucket, NULL, NULL, NULL, 1, v2->context, &list, request);
    else
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
    int64_t now = receipts_clock();
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
    if (wait >= 0 && wait * RETRY_MS < *timeout)
        *timeout = wait * RETRY_MS;
    int64_t now = receipts_clock();
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
static bool check(const struct s3 *s3, struct reason *reason)
{
    const struct s3_options *o = &s3->options;
    if (s3->address.https)
        return reason_set(reason, "--signature=v2 goes through libs3, which does not verify "
                                  "certificates: give an endpoint of http://, on this host or "
                                  "behind a TLS proxy");
    const char *option = o->no_overwrite            ? "--no-overwrite"
                         : o->storage_class != NULL ? "--storage-class"
                         : o->sse != NULL           ? "--sse"
                                                    : NULL;
    return option == NULL || reason_set(reason, "%s needs --signature=v4", option);
}

static bool v2_begin(struct s3 *s3, struct reason *reason)
{
    if (!check(s3, reason))
        return false;
    struct v2 *v2 = calloc(1, sizeof *v2);
    if ((s3->signing = v2) == NULL)
        return reason_set(reason, "no memory left");
    v2->s3 = s3;
    v2->carrier = (struct http_carrier){v2_start, v2_run, v2_watch, v2_cancel};
    v2->properties = (S3PutProperties){
        .contentType = s3->options.content_type,
        .contentEncoding = s3->options.gzip ? "gzip" : NULL,
        .expires = -1,
    };
    if (!set_acl(&v2->properties, s3->options.acl, reason))
        return false;
    return (S3_initialize(diag_program(), S3_INIT_ALL, s3->address.host) == S3StatusOK &&
            S3_create_request_context(&v2->context) == S3StatusOK) ||
           reason_set(reason, "libs3 cannot be used");
}

/* Gives the transfer a request of its own.  NULL with a reason. */
static struct v2_request *request_new(struct s3 *s3, struct http_transfer *transfer,
                                      struct reason *reason)
{
    struct v2 *v2 = s3->signing;
    if (s3->credentials.token != NULL) {
        reason_set(reason, "--signature=v2 through libs3 cannot sign session tokens");
        return NULL;
    }
    /* There is one already where a request was set up and not started. */
    struct v2_request *request = transfer->carried;
    if (request == NULL && v2->count < MOST_REQUESTS &&
        (request = calloc(1, sizeof *request)) != NULL) {
        request->next = v2->all;
        v2->all = request;
        v2->count++;
    }
    if (request == NULL) {
        reason_set(reason, "no memory left, or more than %d requests at once", MOST_REQUESTS);
        return NULL;
    }
    request->transfer = transfer;
    transfer->carrier = &v2->carrier;
    transfer->carried = request;
    transfer->configured = s3->generation;
    return request;
}

/* libs3 writes a space in a URL as '+', which is another key to most stores. */
static bool check_key(struct span key, struct reason *reason)
{
    return memchr(key.at, ' ', key.len) == NULL ||
           reason_set(reason, "a key with a space in it needs --signature=v4");
}

static bool v2_put(struct s3 *s3, struct http_transfer *transfer, struct span key, struct span body,
                   struct reason *reason)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len;
    struct v2_request *request = check_key(key, reason) ? request_new(s3, transfer, reason) : NULL;
    if (request == NULL)
        return false;
    memcpy(request->key, key.at, key.len);
    request->key[key.len] = '\0';
    request->body = body;
    edit_add(&transfer->body, body);
    if (s3->options.content_md5) {
        if (EVP_Digest(body.at, body.len, digest, &len, EVP_md5(), NULL) != 1)
            return reason_set(reason, "no MD5 in libcrypto");
        EVP_EncodeBlock((unsigned char *)request->md5, digest, (int)len);
    }
    return true;
}

static bool v2_look(struct s3 *s3, struct http_transfer *transfer, struct reason *reason)
{
    struct v2_request *request = request_new(s3, transfer, reason);
    if (request == NULL)
        return false;
    request->look = true;
    return true;
}

static void v2_answer(struct s3 *s3, const struct http_transfer *transfer,
                      const struct http_reply *reply, struct s3_answer *answer)
{
    const struct v2_request *request = transfer->carried;
    (void)s3;
    (void)reply;
    *answer = (struct s3_answer){.error = request->error};
}

static bool v2_show(struct s3 *s3, const struct http_transfer *transfer, struct out *out)
{
    const struct v2_request *request = transfer->carried;
    const S3PutProperties *properties = &((const struct v2 *)s3->signing)->properties;
    char text[512];
    int len = snprintf(text, sizeof text, "Content-Type: %.200s\n%s%s%s%s", properties->contentType,
                       properties->contentEncoding != NULL ? "Content-Encoding: gzip\n" : "",
                       request->md5[0] != '\0' ? "Content-MD5: " : "", request->md5,
                       request->md5[0] != '\0' ? "\n" : "");
    return out_write(out, (struct span){text, (size_t)len});
}

static void v2_end(struct s3 *s3)
{
    struct v2 *v2 = s3->signing;
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
    s3->signing = NULL;
}

const struct s3_signature s3_v2 = {
    .begin = v2_begin,
    .put = v2_put,
    .look = v2_look,
    .answer = v2_answer,
    .show = v2_show,
    .end = v2_end,
};
