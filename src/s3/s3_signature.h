/* s3_signature: requests to S3, set up on libcurl's handles, and their signatures, behind one
 * interface.
 *
 *   s3_v4  signature version 4, through libcurl
 *   s3_v2  signature version 2, for stores that know nothing else */
#ifndef S3_SIGNATURE_H
#define S3_SIGNATURE_H

#include "deliver/http.h"
#include "s3/credentials.h"
#include "s3/s3_address.h"
#include "s3/s3_error.h"

struct out;

/* The options of a PUT. */
struct s3_put_options {
    const char *content_type;
    const char *acl; /* NULL: the bucket's default; likewise below */
    const char *storage_class;
    const char *sse;     /* AES256 or aws:kms */
    const char *kms_key; /* with aws:kms */
    bool no_overwrite;   /* If-None-Match: an existing object is kept */
    bool gzip;
    bool content_md5; /* send Content-MD5 too */
};

/* What a signature needs; it stays the store's. */
struct s3_signing {
    const struct s3_address *address;
    const char *region;
    const struct credentials *credentials;
    const uint64_t *generation; /* the number of the credentials */
    struct s3_put_options put;
    const struct s3_signature *signature;

    struct curl_slist *put_headers; /* of every PUT */
    struct s3_token *token;         /* the session tokens' headers, the latest first */
    uint64_t token_generation;      /* of the credentials of the latest token */
    struct s3_headers *headers;     /* of all transfers */
};

struct s3_request {
    enum s3_method { S3_GET, S3_HEAD, S3_PUT } method;
    struct span key;      /* no bytes: the bucket */
    const char *query;    /* of the bucket: encoded and sorted; NULL: none */
    struct span body;     /* of a PUT; must stay valid until the response is complete */
    uint64_t from;        /* of a GET: the first byte; 0: the whole object */
    const char *if_match; /* of a GET: the ETag that the object must have; NULL: any */
};

/* A response. */
struct s3_answer {
    struct s3_error error; /* of an unsuccessful response */
    char server[40];       /* the server's program; "" if unknown; likewise below */
    char date[40];         /* of the response, by the store's clock */
    char etag[72];         /* of the object, without quotes */
    bool etag_is_md5;      /* … and it is the MD5 of the object's bytes */
    int64_t length;        /* Content-Length; -1: not stated */
};

/* A transfer's own headers, written anew for each request. */
struct s3_headers {
    struct curl_slist hash, date, authorization, md5, token, match;
    char hash_text[96];
    char date_text[48];
    char *authorization_text;
    char md5_text[48];
    char match_text[96];
    enum s3_method method; /* the method that the handle is set up for */
    struct s3_headers *next;
};

struct s3_signature {
    /* Sets what all of a handle's requests have in common. */
    void (*configure)(const struct s3_signing *signing, CURL *easy);

    /* Adds the headers that sign the request for this URL to the request's headers, *list.  False
     * with a reason. */
    bool (*sign)(const struct s3_signing *signing, const struct s3_request *request,
                 const char *url, struct s3_headers *headers, struct curl_slist **list,
                 struct reason *reason);
};

extern const struct s3_signature s3_v4, s3_v2;

/* Begins; the members up to `signature` are set.  False with a reason; call s3_signing_end() in
 * either case. */
bool s3_signing_begin(struct s3_signing *signing, struct reason *reason);

/* Sets up the transfer.  False with a reason. */
bool s3_signing_set(struct s3_signing *signing, struct http_transfer *transfer,
                    const struct s3_request *request, struct reason *reason);

/* Writes the headers of a PUT that was set up, without its signature and token. */
bool s3_signing_show(const struct http_transfer *transfer, struct out *out);

/* Ends it, after the last transfer. */
void s3_signing_end(struct s3_signing *signing);

/* Prepends a header of the transfer to the list. */
void s3_headers_add(struct curl_slist **list, struct curl_slist *header, char *text);

/* "PUT" and so on. */
const char *s3_method_name(enum s3_method method);

/* Reads a response's headers and, if it is unsuccessful, its document. */
void s3_answer_read(const struct http_response *response, struct s3_answer *answer);

#endif
