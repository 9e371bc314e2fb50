/* s3_store: a bucket of an S3 store: its address, the signature of requests, and the meaning of
 * responses.
 *
 * The bucket is checked once before the first object is put, so that a wrong name, region, key or
 * clock causes one message and not one for every event. */
#ifndef S3_STORE_H
#define S3_STORE_H

#include "base/options.h"
#include "base/out.h"
#include "s3/keyring.h"
#include "s3/s3_signature.h"

struct s3_store_options {
    const char *bucket;
    const char *region;        /* NULL: the environment's, the profile's, or us-east-1 */
    const char *endpoint;      /* NULL: the environment's, or AWS's own */
    const char *profile;       /* --profile; NULL: $AWS_PROFILE, or "default" */
    int addressing;            /* an enum s3_addressing */
    int signature;             /* 0: version 4, 1: version 2 */
    struct s3_put_options put; /* without content_type no object is put */
};

/* The options that the tools share; the context is a struct s3_store_options. */
extern const struct option_line s3_store_options[];

struct s3_store {
    struct s3_store_options options;
    const char *region;
    struct s3_address address;
    struct keyring keyring;
    struct s3_signing signing;
    struct http *http;
    enum { S3_PROBE_WANTED, S3_PROBE_UNDER_WAY, S3_PROBE_DONE } probe; /* of the bucket */
    bool secret_is_right;   /* the store has accepted a signature */
    struct reason hopeless; /* the result of the probe; "" while nothing rules out success */
    char name[400];         /* s3://BUCKET at HOST, for messages */
};

/* Reads the profile and sets the address.  Unless `dry`, finds credentials too.  False after a
 * message; call s3_store_end() in either case. */
bool s3_store_begin(struct s3_store *store, const struct s3_store_options *options, bool dry);

/* The file of certificate authorities that $AWS_CA_BUNDLE or the profile names; NULL: none. */
const char *s3_store_ca_bundle(const struct s3_store *store);

enum s3_readiness {
    S3_READY,
    S3_WAITS, /* for credentials, or for the probe of the bucket: transfers of http */
    S3_NEVER, /* no request can succeed, for the given reason */
};

/* Whether requests can be set up now.  probed: only after the bucket was checked. */
enum s3_readiness s3_store_ready(struct s3_store *store, struct http *http, bool probed,
                                 struct reason *reason);

/* Sets up a transfer.  False with a reason. */
bool s3_store_set(struct s3_store *store, struct http_transfer *transfer,
                  const struct s3_request *request, struct reason *reason);

/* Requests the part of the listing that `query` selects (s3_list.h).  done is called later, and
 * gives the transfer back.  NULL with a reason. */
struct http_transfer *s3_store_list(struct s3_store *store, const char *query, http_done *done,
                                    void *context, struct reason *reason);

enum s3_meaning {
    S3_DONE,
    S3_EXISTS,        /* 412: the condition of the request is not met */
    S3_GONE,          /* 404: there is no such object */
    S3_RETRY,         /* again, after a wait */
    S3_SLOW_DOWN,     /* the same, and fewer requests at once */
    S3_AGAIN,         /* again at once: there are other credentials */
    S3_REJECTED,      /* this object is refused */
    S3_REFUSED,       /* this request is refused: the object, or all of them */
    S3_MISCONFIGURED, /* no request can succeed */
};

/* Reads a response (response->code is CURLE_OK) and says what it means, with a reason for all but
 * S3_DONE. */
enum s3_meaning s3_store_judge(struct s3_store *store, const struct http_transfer *transfer,
                               const struct http_response *response, struct s3_answer *answer,
                               struct reason *reason);

/* Sets a reason that says that the response to a listing is not one. */
void s3_store_say_no_listing(const struct s3_store *store, long status,
                             const struct s3_answer *answer, struct reason *reason);

/* Ends it, after http_end(). */
void s3_store_end(struct s3_store *store);

#endif
