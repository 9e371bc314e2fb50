#include "config.h"

#include "base/clock.h"
#include "deliver/retry_after.h"

#include <curl/curl.h>

int64_t retry_after(const char *value, int64_t now_seconds)
{
    const int64_t longest = (int64_t)366 * 86400;
    while (*value == ' ' || *value == '\t')
        value++;
    if (*value >= '0' && *value <= '9') {
        int64_t seconds = 0;
        for (; *value >= '0' && *value <= '9'; value++)
            if (seconds < longest)
                seconds = seconds * 10 + (*value - '0');
        while (*value == ' ' || *value == '\t')
            value++;
        if (*value != '\0')
            return -1;
        return (seconds < longest ? seconds : longest) * CLOCK_SECOND;
    }
    time_t date = curl_getdate(value, NULL);
    if (date == -1)
        return -1;
    int64_t seconds = (int64_t)date - now_seconds;
    if (seconds > longest)
        seconds = longest;
    return seconds > 0 ? seconds * CLOCK_SECOND : 0;
}
