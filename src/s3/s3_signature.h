/* s3_signature: requests to S3, and how they are signed and sent, behind one interface.
 *
 *   s3_v4  signature version 4, through libcurl
 *   s3_v2  signature version 2, through libs3, for stores that know nothing else; in a build
 *          without libs3 its begin() says so
 */
#ifndef S3_SIGNATURE_H
#define S3_SIGNATURE_H

#include "deliver/http.h"
#include "s3/credentials.h"
#include "s3/s3_address.h"
#include "s3/s3_error.h"

struct out;

/* What objects are put with. */
struct s3_put_options {
    const char *content_type;
    const char *acl; /* NULL: the bucket's default; likewise below */
    const char *storage_class;
    const char *sse;     /* AES256 or aws:kms */
    const char *kms_key; /* with aws:kms */
    bool no_overwrite;   /* If-None-Match: an object that is there stays */
    bool gzip;
    bool content_md5; /* send Content-MD5 too */
};

/* What a signature needs to know; it stays the store's. */
struct s3_signing {
    const struct s3_address *address;
    const char *region;
    const struct credentials *credentials;
    const uint64_t *generation; /* counts the credentials */
    struct s3_put_options put;
    void *state; /* the signature's own */
};

struct s3_request {
    enum s3_method { S3_GET, S3_HEAD, S3_PUT } method;
    struct span key;      /* no bytes: the bucket */
    const char *query;    /* of the bucket: encoded and sorted; NULL: none */
    struct span body;     /* of a PUT; stays where it is until the answer is there */
    uint64_t from;        /* of a GET: the first byte; 0: the whole object */
    const char *if_match; /* of a GET: the ETag that the object must have; NULL: any */
    int64_t timeout;      /* microseconds, for what libcurl does not time */
};

/* What came back. */
struct s3_answer {
    struct s3_error error; /* of an answer that is no success */
    char server[40];       /* which program answered; "" where it did not say; likewise below */
    char date[40];         /* when, by the store's clock */
    char etag[72];         /* of the object, without quotes */
    bool etag_is_md5;      /* … and it is the MD5 of the object's bytes */
    int64_t length;        /* Content-Length; -1: not told */
};

struct s3_signature {
    /* Looks at the options, before anything is sent.  False with a reason: it cannot do that. */
    bool (*begin)(struct s3_signing *signing, struct reason *reason);

    /* Sets up the transfer.  False with a reason. */
    bool (*set)(struct s3_signing *signing, struct http_transfer *transfer,
                const struct s3_request *request, struct reason *reason);

    /* Reads the answer. */
    void (*answer)(struct s3_signing *signing, const struct http_transfer *transfer,
                   const struct http_reply *reply, struct s3_answer *answer);

    /* Writes a PUT's headers as they would be sent, without what is signed. */
    bool (*show)(struct s3_signing *signing, const struct http_transfer *transfer, struct out *out);

    /* Ends what begin() began, after the last transfer. */
    void (*end)(struct s3_signing *signing);
};

extern const struct s3_signature s3_v4, s3_v2;

/* An answer's headers, for both signatures. */
void s3_answer_read(const struct http_reply *reply, struct s3_answer *answer);

#endif
