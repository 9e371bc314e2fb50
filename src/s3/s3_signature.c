#include "config.h"

#include "base/digest.h"
#include "base/out.h"
#include "base/secret.h"
#include "s3/s3_signature.h"

#include <stdio.h>
#include <stdlib.h>

/* The header of a session token.  It is kept until the end, because a request under way may use
 * it. */
struct s3_token {
    struct s3_token *next;
    char *header; /* NULL: these credentials have no token */
};

/* --- Requests --- */

/* Adds "name: value" unless there is no value. */
static bool add_header(struct curl_slist **list, const char *name, const char *value)
{
    char header[1200];
    if (value == NULL)
        return true;
    int len = snprintf(header, sizeof header, "%s: %s", name, value);
    struct curl_slist *longer =
        (size_t)len < sizeof header ? curl_slist_append(*list, header) : NULL;
    if (longer != NULL)
        *list = longer;
    return longer != NULL;
}

bool s3_signing_begin(struct s3_signing *signing, struct reason *reason)
{
    const struct s3_put_options *o = &signing->put;
    struct curl_slist **list = &signing->put_headers;
    return (add_header(list, "Content-Type", o->content_type) &&
            add_header(list, "Content-Encoding", o->gzip ? "gzip" : NULL) &&
            add_header(list, "If-None-Match", o->no_overwrite ? "*" : NULL) &&
            add_header(list, "x-amz-acl", o->acl) &&
            add_header(list, "x-amz-storage-class", o->storage_class) &&
            add_header(list, "x-amz-server-side-encryption", o->sse) &&
            add_header(list, "x-amz-server-side-encryption-aws-kms-key-id", o->kms_key)) ||
           reason_set(reason, "an option's value is too long, or there is not enough memory");
}

/* A session's token is sent along and signed; its header is made once for all requests.  False: no
 * memory. */
static bool set_token(struct s3_signing *signing)
{
    const char *token = signing->credentials->token;
    if (signing->token != NULL && signing->token_generation == *signing->generation)
        return true;
    struct s3_token *latest = calloc(1, sizeof *latest);
    if (latest == NULL)
        return false;
    if (token != NULL && asprintf(&latest->header, "x-amz-security-token: %s", token) < 0) {
        free(latest);
        return false;
    }
    latest->next = signing->token;
    signing->token = latest;
    signing->token_generation = *signing->generation;
    return true;
}

/* The transfer's headers; NULL: no memory. */
static struct s3_headers *headers_of(struct s3_signing *signing, struct http_transfer *transfer)
{
    struct s3_headers *headers = transfer->own;
    if (headers != NULL || (headers = calloc(1, sizeof *headers)) == NULL)
        return headers;
    transfer->own = headers;
    headers->next = signing->headers;
    signing->headers = headers;
    return headers;
}

static void set_method(struct http_transfer *transfer, enum s3_method method)
{
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_NOBODY, 0L);
    if (method != S3_PUT)
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    if (method == S3_HEAD)
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method == S3_PUT ? "PUT" : NULL);
}

const char *s3_method_name(enum s3_method method)
{
    static const char *const names[] = {[S3_GET] = "GET", [S3_HEAD] = "HEAD", [S3_PUT] = "PUT"};
    return names[method];
}

void s3_headers_add(struct curl_slist **list, struct curl_slist *header, char *text)
{
    header->data = text;
    header->next = *list;
    *list = header;
}

static void hash_md5(struct s3_headers *headers, struct span body)
{
    unsigned char digest[DIGEST_MD5_SIZE];
    int start = sprintf(headers->md5_text, "Content-MD5: ");
    digest_md5(body, digest);
    digest_base64(digest, DIGEST_MD5_SIZE, headers->md5_text + start);
}

/* Writes the request's headers, the constant ones last.  False with a reason. */
static bool set_headers(struct s3_signing *signing, struct http_transfer *transfer,
                        const struct s3_request *request, const char *url, struct reason *reason)
{
    struct s3_headers *h = transfer->own;
    bool put = request->method == S3_PUT;
    struct curl_slist *list = put ? signing->put_headers : NULL;
    if (!set_token(signing))
        return reason_set(reason, "there is not enough memory");
    if (request->if_match != NULL) {
        snprintf(h->match_text, sizeof h->match_text, "If-Match: \"%s\"", request->if_match);
        s3_headers_add(&list, &h->match, h->match_text);
    }
    if (put && signing->put.content_md5) {
        hash_md5(h, request->body);
        s3_headers_add(&list, &h->md5, h->md5_text);
    }
    if (signing->token->header != NULL)
        s3_headers_add(&list, &h->token, signing->token->header);
    if (!signing->signature->sign(signing, request, url, h, &list, reason))
        return false;
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, list);
    return true;
}

static void set_range(struct http_transfer *transfer, const struct s3_request *request)
{
    char range[32];
    snprintf(range, sizeof range, "%llu-", (unsigned long long)request->from);
    curl_easy_setopt(transfer->easy, CURLOPT_RANGE, request->from > 0 ? range : NULL);
}

/* Sets headers, URL and range.  False with a reason. */
static bool set_url(struct s3_signing *signing, struct http_transfer *transfer,
                    const struct s3_request *request, struct reason *reason)
{
    char url[S3_URL_MAX], *whole = url;
    s3_address_url(signing->address, request->key, url);
    if (request->query != NULL && asprintf(&whole, "%s?%s", url, request->query) < 0)
        return reason_set(reason, "there is not enough memory");
    bool set = set_headers(signing, transfer, request, whole, reason);
    curl_easy_setopt(transfer->easy, CURLOPT_URL, whole);
    if (whole != url)
        free(whole);
    set_range(transfer, request);
    return set;
}

bool s3_signing_set(struct s3_signing *signing, struct http_transfer *transfer,
                    const struct s3_request *request, struct reason *reason)
{
    struct s3_headers *headers = headers_of(signing, transfer);
    if (headers == NULL)
        return reason_set(reason, "there is not enough memory");
    bool fresh = transfer->configured == 0;
    if (fresh || transfer->configured != *signing->generation) {
        curl_easy_setopt(transfer->easy, CURLOPT_PATH_AS_IS, 1L);
        signing->signature->configure(signing, transfer->easy);
        transfer->configured = *signing->generation;
    }
    if (fresh || headers->method != request->method)
        set_method(transfer, request->method);
    headers->method = request->method;
    if (!set_url(signing, transfer, request, reason))
        return false;
    if (request->method == S3_PUT) {
        edit_add(&transfer->body, request->body);
        http_send_body(transfer);
    }
    return true;
}

bool s3_signing_show(const struct http_transfer *transfer, struct out *out)
{
    const struct s3_headers *headers = transfer->own;
    const struct curl_slist *h = headers->hash.data != NULL ? &headers->hash : &headers->date;
    for (; h != NULL; h = h->next) {
        if (h == &headers->authorization || h == &headers->token)
            continue;
        out_write(out, span_of(h->data));
        out_write(out, SPAN("\n"));
    }
    return out->error == 0;
}

void s3_signing_end(struct s3_signing *signing)
{
    for (struct s3_headers *h; (h = signing->headers) != NULL;) {
        signing->headers = h->next;
        free(h->authorization_text);
        free(h);
    }
    for (struct s3_token *token; (token = signing->token) != NULL;) {
        signing->token = token->next;
        secret_free(token->header);
        free(token);
    }
    curl_slist_free_all(signing->put_headers);
    signing->put_headers = NULL;
}

/* --- Answers --- */

/* A header's value without the quotes around it, if a receipt or a message may contain it. */
static void take_header(const struct http_response *response, const char *name, char *to,
                        size_t size)
{
    const char *value = http_response_header(response, name);
    to[0] = '\0';
    if (value == NULL)
        return;
    size_t len = strlen(value);
    if (len >= 2 && value[0] == '"' && value[len - 1] == '"') {
        value++;
        len -= 2;
    }
    if (len >= size)
        return;
    for (size_t i = 0; i < len; i++)
        if (value[i] < 0x20 || value[i] >= 0x7f || value[i] == '"' || value[i] == '\\')
            return;
    memcpy(to, value, len);
    to[len] = '\0';
}

/* Whether the ETag is the MD5 of the object's bytes: it has the form of an MD5, and the store does
 * not encrypt the object with a key of its own (Amazon S3 API reference, "ETag"). */
static bool is_md5(const struct http_response *response, const char *etag)
{
    const char *sse = http_response_header(response, "x-amz-server-side-encryption");
    return strlen(etag) == 32 && etag[strspn(etag, "0123456789abcdef")] == '\0' &&
           (sse == NULL || strcmp(sse, "AES256") == 0) &&
           http_response_header(response, "x-amz-server-side-encryption-customer-algorithm") ==
               NULL;
}

void s3_answer_read(const struct http_response *response, struct s3_answer *answer)
{
    const char *length = http_response_header(response, "Content-Length");
    *answer = (struct s3_answer){.length = -1};
    s3_error_read(response->body, &answer->error);
    take_header(response, "Server", answer->server, sizeof answer->server);
    take_header(response, "Date", answer->date, sizeof answer->date);
    take_header(response, "ETag", answer->etag, sizeof answer->etag);
    answer->etag_is_md5 = is_md5(response, answer->etag);
    if (length != NULL && *length >= '0' && *length <= '9')
        answer->length = strtoll(length, NULL, 10);
    if (answer->error.region[0] == '\0')
        take_header(response, "x-amz-bucket-region", answer->error.region,
                    sizeof answer->error.region);
}
