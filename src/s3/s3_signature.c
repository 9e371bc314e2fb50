#include "config.h"

#include "s3/s3_signature.h"

#include <stdlib.h>

/* A header's value, without quotes around it, where it is one that a receipt or a message may
 * show. */
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

/* Whether the ETag is the MD5 of the object's bytes: it has an MD5's form, and the store does not
 * encrypt the object by a key of its own (Amazon S3 API reference, "ETag"). */
static bool is_md5(const struct http_reply *reply, const char *etag)
{
    const char *sse = http_reply_header(reply, "x-amz-server-side-encryption");
    return strlen(etag) == 32 && etag[strspn(etag, "0123456789abcdef")] == '\0' &&
           (sse == NULL || strcmp(sse, "AES256") == 0) &&
           http_reply_header(reply, "x-amz-server-side-encryption-customer-algorithm") == NULL;
}

void s3_answer_read(const struct http_reply *reply, struct s3_answer *answer)
{
    const char *length = http_reply_header(reply, "Content-Length");
    *answer = (struct s3_answer){.length = -1};
    s3_error_read(reply->body, &answer->error);
    take_header(reply, "Server", answer->server, sizeof answer->server);
    take_header(reply, "Date", answer->date, sizeof answer->date);
    take_header(reply, "ETag", answer->etag, sizeof answer->etag);
    answer->etag_is_md5 = is_md5(reply, answer->etag);
    if (length != NULL && *length >= '0' && *length <= '9')
        answer->length = strtoll(length, NULL, 10);
    if (answer->error.region[0] == '\0')
        take_header(reply, "x-amz-bucket-region", answer->error.region,
                    sizeof answer->error.region);
}
