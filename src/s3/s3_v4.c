/* Signature version 4: AWS General Reference, "Signing AWS API requests".  libcurl signs; what it
 * needs for S3 is x-amz-content-sha256 among the headers, which it then signs as any other. */
#include "config.h"

#include "base/digest.h"
#include "base/out.h"
#include "base/secret.h"
#include "s3/s3_signature.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

/* The SHA-256 of nothing. */
#define EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HASH       "x-amz-content-sha256: "

/* A transfer's own headers, written anew for each request; the constant ones follow them. */
struct v4_headers {
    struct curl_slist hash, md5, token, match;
    char hash_text[sizeof HASH + DIGEST_HEX];
    char md5_text[48];
    char match_text[96];
    enum s3_method method; /* the one that the handle is set up for */
    struct v4_headers *next;
};

/* The header of a session token.  It stays to the end, as a request that is under way may hold it.
 */
struct v4_token {
    struct v4_token *next;
    char *header; /* NULL: these credentials have no token */
};

struct v4 {
    char provider[64];              /* CURLOPT_AWS_SIGV4's: "aws:amz:REGION:s3" */
    struct curl_slist *put_headers; /* of every PUT */
    struct v4_token *token;         /* the session tokens' headers, the latest first */
    uint64_t generation;            /* of the credentials that the latest belongs to */
    struct v4_headers *all;
};

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

static bool v4_begin(struct s3_signing *signing, struct reason *reason)
{
    const struct s3_put_options *o = &signing->put;
    struct v4 *v4 = calloc(1, sizeof *v4);
    if ((signing->state = v4) == NULL)
        return reason_set(reason, "there is not enough memory");
    snprintf(v4->provider, sizeof v4->provider, "aws:amz:%s:s3", signing->region);
    struct curl_slist **list = &v4->put_headers;
    return (add_header(list, "Content-Type", o->content_type) &&
            add_header(list, "Content-Encoding", o->gzip ? "gzip" : NULL) &&
            add_header(list, "If-None-Match", o->no_overwrite ? "*" : NULL) &&
            add_header(list, "x-amz-acl", o->acl) &&
            add_header(list, "x-amz-storage-class", o->storage_class) &&
            add_header(list, "x-amz-server-side-encryption", o->sse) &&
            add_header(list, "x-amz-server-side-encryption-aws-kms-key-id", o->kms_key)) ||
           reason_set(reason, "an option's value is too long, or there is not enough memory");
}

/* With a session its token is sent along and signed; its header is made once for all requests.
 * False: no memory. */
static bool set_token(struct s3_signing *signing)
{
    struct v4 *v4 = signing->state;
    const char *token = signing->credentials->token;
    if (v4->token != NULL && v4->generation == *signing->generation)
        return true;
    struct v4_token *latest = calloc(1, sizeof *latest);
    if (latest == NULL)
        return false;
    if (token != NULL && asprintf(&latest->header, "x-amz-security-token: %s", token) < 0) {
        free(latest);
        return false;
    }
    latest->next = v4->token;
    v4->token = latest;
    v4->generation = *signing->generation;
    return true;
}

/* The transfer's headers; NULL: no memory. */
static struct v4_headers *headers_of(struct v4 *v4, struct http_transfer *transfer)
{
    struct v4_headers *headers = transfer->carried;
    if (headers != NULL || (headers = calloc(1, sizeof *headers)) == NULL)
        return headers;
    transfer->carried = headers;
    headers->next = v4->all;
    v4->all = headers;
    return headers;
}

/* What all of a handle's requests have in common. */
static void configure(struct s3_signing *signing, struct http_transfer *transfer)
{
    const struct v4 *v4 = signing->state;
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, v4->provider);
    curl_easy_setopt(easy, CURLOPT_USERNAME,
                     signing->credentials->access_key != NULL ? signing->credentials->access_key
                                                              : "");
    curl_easy_setopt(easy, CURLOPT_PASSWORD,
                     signing->credentials->secret_key != NULL ? signing->credentials->secret_key
                                                              : "");
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    transfer->configured = *signing->generation;
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

static void chain(struct curl_slist ***end, struct curl_slist *item, char *text)
{
    item->data = text;
    item->next = NULL;
    **end = item;
    *end = &item->next;
}

static bool hash_body(struct v4_headers *headers, struct span body)
{
    unsigned char digest[DIGEST_SIZE];
    memcpy(headers->hash_text, HASH EMPTY_HASH, sizeof headers->hash_text);
    if (body.len == 0)
        return true;
    if (!digest_sha256(body, digest))
        return false;
    digest_hex(digest, DIGEST_SIZE, headers->hash_text + strlen(HASH));
    return true;
}

static bool hash_md5(struct v4_headers *headers, struct span body)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len;
    int start = sprintf(headers->md5_text, "Content-MD5: ");
    return EVP_Digest(body.at, body.len, digest, &len, EVP_md5(), NULL) == 1 &&
           EVP_EncodeBlock((unsigned char *)headers->md5_text + start, digest, (int)len) > 0;
}

/* Writes the request's headers.  False with a reason. */
static bool set_headers(struct s3_signing *signing, struct http_transfer *transfer,
                        const struct s3_request *request, struct reason *reason)
{
    struct v4 *v4 = signing->state;
    struct v4_headers *h = transfer->carried;
    struct curl_slist *first = NULL, **end = &first;
    bool put = request->method == S3_PUT;
    if (!hash_body(h, request->body) || !set_token(signing))
        return reason_set(reason, "there is not enough memory, or no SHA-256 in libcrypto");
    chain(&end, &h->hash, h->hash_text);
    if (put && signing->put.content_md5) {
        if (!hash_md5(h, request->body))
            return reason_set(reason, "no MD5 in libcrypto");
        chain(&end, &h->md5, h->md5_text);
    }
    if (v4->token->header != NULL)
        chain(&end, &h->token, v4->token->header);
    if (request->if_match != NULL) {
        snprintf(h->match_text, sizeof h->match_text, "If-Match: \"%s\"", request->if_match);
        chain(&end, &h->match, h->match_text);
    }
    if (put)
        *end = v4->put_headers;
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, first);
    return true;
}

static void set_range(struct http_transfer *transfer, const struct s3_request *request)
{
    char range[32];
    snprintf(range, sizeof range, "%llu-", (unsigned long long)request->from);
    curl_easy_setopt(transfer->easy, CURLOPT_RANGE, request->from > 0 ? range : NULL);
}

static bool v4_set(struct s3_signing *signing, struct http_transfer *transfer,
                   const struct s3_request *request, struct reason *reason)
{
    char url[S3_URL_MAX], *whole = url;
    struct v4_headers *headers = headers_of(signing->state, transfer);
    if (headers == NULL)
        return reason_set(reason, "there is not enough memory");
    if (!set_headers(signing, transfer, request, reason))
        return false;
    bool fresh = transfer->configured == 0;
    if (fresh || transfer->configured != *signing->generation)
        configure(signing, transfer);
    if (fresh || headers->method != request->method)
        set_method(transfer, request->method);
    headers->method = request->method;
    s3_address_url(signing->address, request->key, url);
    if (request->query != NULL && asprintf(&whole, "%s?%s", url, request->query) < 0)
        return reason_set(reason, "there is not enough memory");
    curl_easy_setopt(transfer->easy, CURLOPT_URL, whole);
    if (whole != url)
        free(whole);
    set_range(transfer, request);
    if (request->method == S3_PUT) {
        edit_add(&transfer->body, request->body);
        http_send_body(transfer);
    }
    return true;
}

static void v4_answer(struct s3_signing *signing, const struct http_transfer *transfer,
                      const struct http_reply *reply, struct s3_answer *answer)
{
    (void)signing, (void)transfer;
    s3_answer_read(reply, answer);
}

static bool v4_show(struct s3_signing *signing, const struct http_transfer *transfer,
                    struct out *out)
{
    const struct v4_headers *headers = transfer->carried;
    (void)signing;
    for (const struct curl_slist *h = &headers->hash; h != NULL; h = h->next) {
        out_write(out, span_of(h->data));
        out_write(out, SPAN("\n"));
    }
    return out->error == 0;
}

static void v4_end(struct s3_signing *signing)
{
    struct v4 *v4 = signing->state;
    if (v4 == NULL)
        return;
    for (struct v4_headers *h; (h = v4->all) != NULL;) {
        v4->all = h->next;
        free(h);
    }
    for (struct v4_token *token; (token = v4->token) != NULL;) {
        v4->token = token->next;
        secret_free(token->header);
        free(token);
    }
    curl_slist_free_all(v4->put_headers);
    free(v4);
    signing->state = NULL;
}

const struct s3_signature s3_v4 = {
    .begin = v4_begin,
    .set = v4_set,
    .answer = v4_answer,
    .show = v4_show,
    .end = v4_end,
};
