#include "config.h"

#include "seal/openssl_error.h"
#include "seal/seal_stamp.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ts.h>
#include <time.h>

/* The time in the stamp; false: there is none. */
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
        TS_VERIFY_CTX_set_imprint(context, imprint, DIGEST_SIZE); /* which owns it from now on */
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
        reason_set(reason, "it is not a time stamp");
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
                reason_set(reason, "no trusted authority signed it: %s", openssl_error());
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
    /* libcrypto does not distinguish a wrong stamp from a failed allocation, so a wrong one is
     * checked again. */
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
