/* s3_v2: the text that signature version 2 signs.
 *
 * Amazon S3 Developer Guide, "Signing and authenticating REST requests". */
#ifndef S3_V2_H
#define S3_V2_H

#include "base/span.h"

#include <curl/curl.h>

struct s3_v2_request {
    const char *method;
    const char *bucket; /* if the host names it; NULL: the path does, or there is no bucket */
    struct span path;   /* as in the request, encoded */
    struct span query;  /* likewise, without the '?' */
    const struct curl_slist *headers; /* "Name: value" */
};

/* The text that is signed, which the caller frees; *len is its length.  NULL: no memory. */
char *s3_v2_text(const struct s3_v2_request *request, size_t *len);

enum { S3_V2_SIGNATURE = 32 }; /* bytes of a signature at most, including its NUL */

/* Signs the text. */
void s3_v2_sign(struct span text, const char *secret, char signature[S3_V2_SIGNATURE]);

#endif
