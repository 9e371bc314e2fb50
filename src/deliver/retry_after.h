/* retry_after: the Retry-After header.  Separate from retry.h, because it needs libcurl: tools that
 * only wait between attempts start without that library. */
#ifndef RETRY_AFTER_H
#define RETRY_AFTER_H

#include <stdint.h>

/* The wait that a Retry-After header asks for (RFC 9110 section 10.2.3): seconds, or an HTTP date,
 * which is counted from `now_seconds` of the wall clock.  -1: the value is neither. */
int64_t retry_after(const char *value, int64_t now_seconds);

#endif
