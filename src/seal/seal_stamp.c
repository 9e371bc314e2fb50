#include "config.h"

#include "base/interrupt.h"
#include "deliver/url.h"

#include "seal/seal_stamp.h"
#include <curl/curl.h>

#include <errno.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ts.h>
#include <stdlib.h>
#include <time.h>

enum { ANSWER_MAX = 1 << 20, NONCE_SIZE = 8 };

/* OpenSSL's own words for what failed. */
static const char *openssl_error(void)
{
    const char *why = ERR_reason_error_string(ERR_peek_last_error());
    return why != NULL ? why : strerror(ENOMEM);
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

/* A request for a stamp that carries the authority's certificate.  NULL: no memory. */
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

static int stop_if_asked(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)context, (void)a, (void)b, (void)c, (void)d;
    return interrupt_asked() != NULL;
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
           (authority->cacert == NULL ||
            curl_easy_setopt(easy, CURLOPT_CAINFO, authority->cacert) == CURLE_OK);
}

/* One POST.  False with a reason. */
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
        if (code != CURLE_OK)
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

/* What the request asks for: version, imprint and nonce must be the answer's. */
static bool answers(TS_REQ *request, struct span bytes, struct reason *reason)
{
    const unsigned char *at = (const unsigned char *)bytes.at;
    TS_RESP *response = d2i_TS_RESP(NULL, &at, (long)bytes.len);
    TS_VERIFY_CTX *context = TS_REQ_to_TS_VERIFY_CTX(request, NULL);
    bool good = false;
    if (context != NULL)
        TS_VERIFY_CTX_set_flags(context, TS_VFY_VERSION | TS_VFY_IMPRINT | TS_VFY_NONCE);
    if (context == NULL)
        reason_set(reason, "%s", strerror(ENOMEM));
    else if (response == NULL)
        reason_set(reason, "it answered something that is no time stamp");
    else if (TS_RESP_verify_response(context, response) != 1)
        reason_set(reason, "it answered without a time stamp for this request: %s",
                   openssl_error());
    else
        good = true;
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
        good = answers(request, (struct span){answer.bytes, answer.len}, &why);
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

/* The time that the stamp says; false: it says none. */
static bool stamp_time(TS_RESP *response, int64_t *milliseconds)
{
    TS_TST_INFO *info = TS_RESP_get_tst_info(response);
    struct tm tm;
    if (info == NULL || ASN1_TIME_to_tm(TS_TST_INFO_get_time(info), &tm) != 1)
        return false;
    *milliseconds = (int64_t)timegm(&tm) * 1000;
    return true;
}

static bool verify(TS_RESP *response, const unsigned char *digest, X509_STORE *trust,
                   unsigned flags)
{
    TS_VERIFY_CTX *context = TS_VERIFY_CTX_new();
    unsigned char *imprint = OPENSSL_memdup(digest, DIGEST_SIZE);
    bool good = false;
    if (context != NULL && imprint != NULL) {
        TS_VERIFY_CTX_set_flags(context, (int)flags);
        TS_VERIFY_CTX_set_imprint(context, imprint, DIGEST_SIZE); /* which is its from now on */
        imprint = NULL;
        if (trust != NULL && X509_STORE_up_ref(trust) == 1)
            TS_VERIFY_CTX_set_store(context, trust);
        good = TS_RESP_verify_response(context, response) == 1;
    }
    OPENSSL_free(imprint);
    TS_VERIFY_CTX_free(context);
    return good;
}

static enum stamp_result check_once(struct span bytes, const unsigned char digest[DIGEST_SIZE],
                                    X509_STORE *trust, int64_t *milliseconds, struct reason *reason)
{
    const unsigned char *at = (const unsigned char *)bytes.at;
    TS_RESP *response = d2i_TS_RESP(NULL, &at, (long)bytes.len);
    enum stamp_result result = STAMP_BROKEN;
    *milliseconds = 0;
    if (response == NULL || at != (const unsigned char *)span_end(bytes) ||
        !stamp_time(response, milliseconds)) {
        reason_set(reason, "it is no time stamp");
    } else if (!verify(response, digest, NULL, TS_VFY_VERSION | TS_VFY_IMPRINT)) {
        result = STAMP_WRONG;
        reason_set(reason, "it is not a time stamp of this seal");
    } else {
        result = STAMP_GOOD;
        if (trust != NULL) {
            X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(trust), *milliseconds / 1000);
            if (!verify(response, digest, trust,
                        TS_VFY_VERSION | TS_VFY_IMPRINT | TS_VFY_SIGNATURE)) {
                result = STAMP_UNTRUSTED;
                reason_set(reason, "its signature is not by a trusted authority: %s",
                           openssl_error());
            }
        }
    }
    TS_RESP_free(response);
    ERR_clear_error();
    return result;
}

enum stamp_result stamp_check(struct span bytes, const unsigned char digest[DIGEST_SIZE],
                              X509_STORE *trust, int64_t *milliseconds, struct reason *reason)
{
    /* libcrypto does not tell a wrong stamp from memory that it did not get, so a wrong one is
     * looked at twice. */
    enum stamp_result result = check_once(bytes, digest, trust, milliseconds, reason);
    return result == STAMP_GOOD ? result : check_once(bytes, digest, trust, milliseconds, reason);
}

X509_STORE *stamp_trust(const char *file, struct reason *reason)
{
    X509_STORE *trust = X509_STORE_new();
    if (trust != NULL && X509_STORE_load_file(trust, file) == 1)
        return trust;
    reason_set(reason, "%s: %s", file,
               trust == NULL ? strerror(ENOMEM) : "no certificates in PEM can be read from it");
    X509_STORE_free(trust);
    ERR_clear_error();
    return NULL;
}
