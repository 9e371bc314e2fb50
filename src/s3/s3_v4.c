/* Signature version 4: AWS General Reference, "Signing AWS API requests".  libcurl signs; what it
 * needs for S3 is x-amz-content-sha256 among the headers, which it then signs as any other. */
#include "config.h"

#include "base/digest.h"
#include "s3/s3_signature.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

/* The SHA-256 of nothing. */
#define EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct v4 {
    char provider[64];          /* CURLOPT_AWS_SIGV4's: "aws:amz:REGION:s3" */
    struct curl_slist *headers; /* of every object */
};

static bool add(struct curl_slist **list, const char *header)
{
    struct curl_slist *longer = curl_slist_append(*list, header);
    if (longer == NULL)
        return false;
    *list = longer;
    return true;
}

/* Adds "name: value" unless there is no value. */
static bool add_header(struct curl_slist **list, const char *name, const char *value)
{
    char header[1200];
    if (value == NULL)
        return true;
    int len = snprintf(header, sizeof header, "%s: %s", name, value);
    return (size_t)len < sizeof header && add(list, header);
}

/* Of a session the token goes along and is signed. */
static bool add_token(struct curl_slist **list, const char *token)
{
    char *header;
    if (token == NULL)
        return true;
    if (asprintf(&header, "x-amz-security-token: %s", token) < 0)
        return false;
    bool added = add(list, header);
    explicit_bzero(header, strlen(header));
    free(header);
    return added;
}

static bool v4_begin(struct s3 *s3, struct reason *reason)
{
    const struct s3_options *o = &s3->options;
    struct v4 *v4 = calloc(1, sizeof *v4);
    if ((s3->signing = v4) == NULL)
        return reason_set(reason, "no memory left");
    snprintf(v4->provider, sizeof v4->provider, "aws:amz:%s:s3", s3->region);
    return (add_header(&v4->headers, "Content-Type", o->content_type) &&
            add_header(&v4->headers, "Content-Encoding", o->gzip ? "gzip" : NULL) &&
            add_header(&v4->headers, "If-None-Match", o->no_overwrite ? "*" : NULL) &&
            add_header(&v4->headers, "x-amz-acl", o->acl) &&
            add_header(&v4->headers, "x-amz-storage-class", o->storage_class) &&
            add_header(&v4->headers, "x-amz-server-side-encryption", o->sse) &&
            add_header(&v4->headers, "x-amz-server-side-encryption-aws-kms-key-id", o->kms_key)) ||
           reason_set(reason, "an option's value is too long, or no memory is left");
}

/* What all of a handle's requests have in common. */
static void configure(struct s3 *s3, struct http_transfer *transfer)
{
    const struct v4 *v4 = s3->signing;
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, v4->provider);
    curl_easy_setopt(easy, CURLOPT_USERNAME, s3->credentials.access_key);
    curl_easy_setopt(easy, CURLOPT_PASSWORD, s3->credentials.secret_key);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "PUT");
    transfer->configured = s3->generation;
}

/* The headers of one request.  NULL: no memory, or no SHA-256 or MD5. */
static struct curl_slist *object_headers(struct s3 *s3, struct span body)
{
    const struct v4 *v4 = s3->signing;
    unsigned char digest[EVP_MAX_MD_SIZE];
    char text[2 * EVP_MAX_MD_SIZE + 1];
    struct curl_slist *list = NULL;
    unsigned len;
    bool made = digest_sha256(body, digest);
    if (made) {
        digest_hex(digest, DIGEST_SIZE, text);
        text[DIGEST_HEX] = '\0';
        made = add_header(&list, "x-amz-content-sha256", text);
    }
    if (made && s3->options.content_md5) {
        made = EVP_Digest(body.at, body.len, digest, &len, EVP_md5(), NULL) == 1 &&
               EVP_EncodeBlock((unsigned char *)text, digest, (int)len) > 0 &&
               add_header(&list, "Content-MD5", text);
    }
    made = made && add_token(&list, s3->credentials.token);
    for (const struct curl_slist *h = v4->headers; made && h != NULL; h = h->next)
        made = add(&list, h->data);
    if (made)
        return list;
    curl_slist_free_all(list);
    return NULL;
}

static bool v4_put(struct s3 *s3, struct http_transfer *transfer, struct span key, struct span body,
                   struct reason *reason)
{
    char url[S3_URL_MAX];
    struct curl_slist *headers = object_headers(s3, body);
    if (headers == NULL)
        return reason_set(reason, "no memory left, or no SHA-256 or MD5 in libcrypto");
    if (transfer->configured != s3->generation || s3->generation == 0)
        configure(s3, transfer);
    http_set_headers(transfer, headers);
    s3_address_url(&s3->address, key, url);
    curl_easy_setopt(transfer->easy, CURLOPT_URL, url);
    edit_add(&transfer->body, body);
    http_send_body(transfer);
    return true;
}

static bool v4_look(struct s3 *s3, struct http_transfer *transfer, struct reason *reason)
{
    char url[S3_URL_MAX + 40];
    struct curl_slist *headers = NULL;
    if (!add(&headers, "x-amz-content-sha256: " EMPTY_HASH) ||
        !add_token(&headers, s3->credentials.token)) {
        curl_slist_free_all(headers);
        return reason_set(reason, "no memory left");
    }
    configure(s3, transfer);
    transfer->configured = 0;
    http_set_headers(transfer, headers);
    s3_address_url(&s3->address, SPAN(""), url);
    strcat(url, "?list-type=2&max-keys=0");
    curl_easy_setopt(transfer->easy, CURLOPT_URL, url);
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(transfer->easy, CURLOPT_CUSTOMREQUEST, NULL);
    return true;
}

/* A header's value, where it is one that a receipt or a message may show. */
static void take_header(const struct http_reply *reply, const char *name, char *to, size_t size)
{
    const char *value = http_reply_header(reply, name);
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

static void v4_answer(struct s3 *s3, const struct http_transfer *transfer,
                      const struct http_reply *reply, struct s3_answer *answer)
{
    (void)s3;
    (void)transfer;
    s3_error_read(reply->body, &answer->error);
    take_header(reply, "Date", answer->date, sizeof answer->date);
    take_header(reply, "ETag", answer->etag, sizeof answer->etag);
    if (answer->error.region[0] == '\0')
        take_header(reply, "x-amz-bucket-region", answer->error.region,
                    sizeof answer->error.region);
}

static bool v4_show(struct s3 *s3, const struct http_transfer *transfer, struct out *out)
{
    (void)s3;
    for (const struct curl_slist *h = transfer->headers; h != NULL; h = h->next) {
        out_write(out, span_of(h->data));
        out_write(out, SPAN("\n"));
    }
    return out->error == 0;
}

static void v4_end(struct s3 *s3)
{
    struct v4 *v4 = s3->signing;
    if (v4 != NULL)
        curl_slist_free_all(v4->headers);
    free(v4);
    s3->signing = NULL;
}

const struct s3_signature s3_v4 = {
    .begin = v4_begin,
    .put = v4_put,
    .look = v4_look,
    .answer = v4_answer,
    .show = v4_show,
    .end = v4_end,
};
