#include "config.h"

#include "base/diag.h"
#include "deliver/outage.h"

#include <time.h>

#define SECOND ((int64_t)1000000)

/* The local time of the wall clock after so many microseconds. */
static const char *local_time(int64_t from_now, char text[32])
{
    time_t then = time(NULL) + (time_t)(from_now / SECOND);
    struct tm parts;
    if (localtime_r(&then, &parts) == NULL || strftime(text, 32, "%H:%M:%S", &parts) == 0)
        strcpy(text, "?");
    return text;
}

void outage_failure(struct outage *outage, const char *why, bool certain, int64_t now,
                    int64_t budget)
{
    char until[32];
    if (outage->since == 0)
        outage->since = now;
    int64_t end = outage->since + budget;
    /* If there is no time left for retries, the records' own messages say what is wrong. */
    if (outage->told_until != 0 || now >= end || (!certain && now - outage->since < SECOND))
        return;
    outage->told_until = end;
    diag_warn("%s: %s; nothing gets through, trying again until %s (--retry-for)", outage->name,
              why, local_time(end - now, until));
}

void outage_success(struct outage *outage, int64_t now)
{
    if (outage->told_until != 0)
        diag_warn("%s: events get through again, after %.1f s", outage->name,
                  (double)(now - outage->since) / (double)SECOND);
    outage->since = outage->told_until = 0;
}
