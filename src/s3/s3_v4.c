/* Signature version 4: AWS General Reference, "Signing AWS API requests".  libcurl signs; for S3 it
 * needs the header x-amz-content-sha256, which it signs like any other. */
#include "config.h"

#include "base/digest.h"
#include "s3/s3_signature.h"

#include <stdio.h>

/* The SHA-256 of no bytes. */
#define EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HASH       "x-amz-content-sha256: "

static const char *text_or_none(const char *text)
{
    return text != NULL ? text : "";
}

static void configure(const struct s3_signing *signing, CURL *easy)
{
    char provider[64];
    snprintf(provider, sizeof provider, "aws:amz:%s:s3", signing->region);
    curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, provider);
    curl_easy_setopt(easy, CURLOPT_USERNAME, text_or_none(signing->credentials->access_key));
    curl_easy_setopt(easy, CURLOPT_PASSWORD, text_or_none(signing->credentials->secret_key));
}

static bool sign(const struct s3_signing *signing, const struct s3_request *request,
                 const char *url, struct s3_headers *headers, struct curl_slist **list,
                 struct reason *reason)
{
    unsigned char digest[DIGEST_SIZE];
    char *text = headers->hash_text;
    (void)signing, (void)url, (void)reason;
    _Static_assert(sizeof headers->hash_text >= sizeof HASH + DIGEST_HEX, "the header fits");
    memcpy(text, HASH EMPTY_HASH, sizeof HASH EMPTY_HASH);
    if (request->body.len > 0) {
        digest_sha256(request->body, digest);
        digest_hex(digest, DIGEST_SIZE, text + strlen(HASH));
    }
    s3_headers_add(list, &headers->hash, text);
    return true;
}

const struct s3_signature s3_v4 = {.configure = configure, .sign = sign};
