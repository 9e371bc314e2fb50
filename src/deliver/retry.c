#include "config.h"

#include "base/clock.h"
#include "deliver/retry.h"

enum retry_kind retry_transfer(CURLcode code, bool answered)
{
    switch (code) {
    case CURLE_OK:
        return RETRY_NOT;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return answered ? RETRY_UNREACHABLE : RETRY_HOPELESS;
    case CURLE_UNSUPPORTED_PROTOCOL:
        return answered ? RETRY_LATER : RETRY_HOPELESS;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_URL_MALFORMAT:
    case CURLE_NOT_BUILT_IN:
        return RETRY_HOPELESS;
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PROXY:
        return RETRY_UNREACHABLE;
    default:
        return RETRY_LATER;
    }
}

enum retry_kind retry_status(long status)
{
    switch (status) {
    case 429:
    case 503:
        return RETRY_SLOW_DOWN;
    case 408:
    case 425:
    case 500:
    case 502:
    case 504:
    case 522:
    case 524:
        return RETRY_LATER;
    default:
        return RETRY_NOT;
    }
}

int64_t retry_wait(const struct retry_policy *policy, unsigned attempts, uint32_t random)
{
    int64_t longest = policy->base;
    for (unsigned i = 1; i < attempts && longest < policy->cap; i++)
        longest *= 2;
    if (longest > policy->cap)
        longest = policy->cap;
    /* longest is far below 2^31 seconds, so its milliseconds times 2^32 fit. */
    return (longest / CLOCK_MS * (int64_t)(random >> 1) >> 31) * CLOCK_MS;
}

int64_t retry_deadline(const struct retry_policy *policy, int64_t read, int64_t first_attempt,
                       int64_t failing)
{
    int64_t from = first_attempt;
    if (failing != 0) {
        int64_t outage = read > failing ? read : failing;
        if (outage < from)
            from = outage;
    }
    return from + policy->budget;
}
