#include "config.h"

#include "base/clock.h"
#include "base/interrupt.h"
#include "deliver/url.h"
#include "seal/openssl_error.h"
#include "seal/stamp_fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ts.h>
#include <stdlib.h>

enum { ANSWER_MAX = 1 << 20, NONCE_SIZE = 8 };

#define GRACE (5 * CLOCK_SECOND)

bool stamp_fetch_begin(struct reason *reason)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ||
           reason_set(reason, "libcurl cannot be used: no memory, or no TLS library");
}

static bool set_imprint(TS_REQ *request, const unsigned char digest[DIGEST_SIZE])
{
    TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
    X509_ALGOR *algorithm = X509_ALGOR_new();
    bool good = imprint != NULL && algorithm != NULL &&
                X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 &&
                TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1 &&
                TS_MSG_IMPRINT_set_msg(imprint, (unsigned char *)digest, DIGEST_SIZE) == 1 &&
                TS_REQ_set_msg_imprint(request, imprint) == 1; /* each of these copies */
    X509_ALGOR_free(algorithm);
    TS_MSG_IMPRINT_free(imprint);
    return good;
}

static bool set_nonce(TS_REQ *request)
{
    unsigned char bytes[NONCE_SIZE];
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return false;
    bytes[0] = (unsigned char)((bytes[0] & 0x7f) | 0x40); /* positive, and always of eight bytes */
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    ASN1_INTEGER *nonce = number != NULL ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
    bool good = nonce != NULL && TS_REQ_set_nonce(request, nonce) == 1;
    ASN1_INTEGER_free(nonce);
    BN_free(number);
    return good;
}

/* A request for a stamp that includes the authority's certificate.  NULL: no memory. */
static TS_REQ *make_request(const unsigned char digest[DIGEST_SIZE])
{
    TS_REQ *request = TS_REQ_new();
    if (request != NULL && TS_REQ_set_version(request, 1) == 1 && set_imprint(request, digest) &&
        set_nonce(request) && TS_REQ_set_cert_req(request, 1) == 1)
        return request;
    TS_REQ_free(request);
    return NULL;
}

struct answer {
    char *bytes;
    size_t len;
    int64_t asked; /* when a request to stop was noticed; 0: not yet */
};

static size_t take_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct answer *answer = context;
    size_t len = size * count;
    if (len > ANSWER_MAX - answer->len)
        return 0;
    char *room = realloc(answer->bytes, answer->len + len + 1);
    if (room == NULL)
        return 0;
    memcpy(room + answer->len, bytes, len);
    answer->bytes = room;
    answer->len += len;
    return len;
}

/* Called at least once a second. */
static int stop_if_asked(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct answer *answer = context;
    (void)a, (void)b, (void)c, (void)d;
    if (interrupt_asked() == NULL)
        return 0;
    if (answer->asked == 0)
        answer->asked = clock_now();
    return clock_now() - answer->asked >= GRACE;
}

static bool set_options(CURL *easy, const struct stamp_authority *authority, struct span body,
                        struct curl_slist *headers, struct answer *answer)
{
    return curl_easy_setopt(easy, CURLOPT_URL, authority->url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.at) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)body.len) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, "audit-seal/" PACKAGE_VERSION) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_bytes) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, answer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)authority->timeout) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, stop_if_asked) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_XFERINFODATA, answer) == CURLE_OK &&
           (authority->cacert == NULL ||
            curl_easy_setopt(easy, CURLOPT_CAINFO, authority->cacert) == CURLE_OK);
}

/* Sends one POST.  False with a reason. */
static bool post(const struct stamp_authority *authority, struct span body, struct answer *answer,
                 struct reason *reason)
{
    char url[256];
    long status = 0;
    CURL *easy = curl_easy_init();
    struct curl_slist *headers =
        curl_slist_append(NULL, "Content-Type: application/timestamp-query");
    url_show(authority->url, true, url, sizeof url);
    bool good = false;
    if (easy == NULL || headers == NULL || !set_options(easy, authority, body, headers, answer)) {
        reason_set(reason, "%s: %s", url, strerror(ENOMEM));
    } else {
        CURLcode code = curl_easy_perform(easy);
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        if (code == CURLE_ABORTED_BY_CALLBACK)
            reason_set(reason, "%s: %s ended the wait for its response", url, interrupt_asked());
        else if (code != CURLE_OK)
            reason_set(reason, "%s: %s", url, curl_easy_strerror(code));
        else if (status != 200)
            reason_set(reason, "%s: it answered %ld", url, status);
        else
            good = true;
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
    return good;
}

/* Whether the response is for this request: it must have the same version, imprint and nonce.
 * Bytes that follow it, which audit-verify would not accept, are cut off. */
static bool answers(TS_REQ *request, struct answer *answer, struct reason *reason)
{
    const unsigned char *at = (const unsigned char *)answer->bytes;
    TS_RESP *response = d2i_TS_RESP(NULL, &at, (long)answer->len);
    TS_VERIFY_CTX *context = TS_REQ_to_TS_VERIFY_CTX(request, NULL);
    bool good = false;
    if (context != NULL)
        TS_VERIFY_CTX_set_flags(context, TS_VFY_VERSION | TS_VFY_IMPRINT | TS_VFY_NONCE);
    if (context == NULL)
        reason_set(reason, "%s", strerror(ENOMEM));
    else if (response == NULL)
        reason_set(reason, "its response is not a time stamp");
    else if (TS_RESP_verify_response(context, response) != 1)
        reason_set(reason, "its response is not a time stamp for this request: %s",
                   openssl_error());
    else
        good = true;
    if (good)
        answer->len = (size_t)(at - (const unsigned char *)answer->bytes);
    TS_VERIFY_CTX_free(context);
    TS_RESP_free(response);
    ERR_clear_error();
    return good;
}

bool stamp_fetch(const struct stamp_authority *authority, const unsigned char digest[DIGEST_SIZE],
                 struct span *bytes, struct reason *reason)
{
    char url[256];
    struct reason why;
    struct answer answer = {0};
    unsigned char *der = NULL;
    TS_REQ *request = make_request(digest);
    int len = request != NULL ? i2d_TS_REQ(request, &der) : -1;
    bool good = false;
    if (len < 0) {
        reason_set(reason, "%s", strerror(ENOMEM));
    } else if (post(authority, (struct span){(char *)der, (size_t)len}, &answer, reason)) {
        good = answers(request, &answer, &why);
        if (!good)
            reason_set(reason, "%s: %s", url_show(authority->url, true, url, sizeof url), why.text);
    }
    OPENSSL_free(der);
    TS_REQ_free(request);
    *bytes = (struct span){answer.bytes, answer.len};
    if (good)
        return true;
    free(answer.bytes);
    return false;
}
