/* s3: a bucket as the service that deliver.h delivers to, one object an event.
 *
 * The address of an event, between prefix and suffix, is its object's key; the event's bytes are
 * the object, or their gzip.  Before the first object the bucket is looked at once, so that a wrong
 * name, region, key or clock is one message and not one for every event.
 */
#ifndef S3_H
#define S3_H

#include "deliver/deliver.h"
#include "s3/credentials.h"
#include "s3/s3_address.h"
#include "json/json.h"

struct s3_signature;

struct s3_options {
    const char *bucket;
    const char *region;          /* NULL: the environment's, the profile's, or us-east-1 */
    const char *endpoint;        /* NULL: the environment's, or AWS's own */
    const char *profile;         /* --profile; NULL: $AWS_PROFILE, or "default" */
    const char *prefix, *suffix; /* of keys; "" for none */
    const char *content_type;
    const char *acl; /* NULL: the bucket's default; likewise below */
    const char *storage_class;
    const char *sse;     /* AES256 or aws:kms */
    const char *kms_key; /* with aws:kms */
    enum s3_addressing addressing;
    const struct s3_signature *signature;
    bool no_overwrite; /* leave objects that are there */
    bool gzip;
    bool content_md5; /* send Content-MD5 too */
};

struct s3 {
    struct s3_options options;
    const char *region;
    struct s3_address address;
    struct profile profile;
    struct credentials credentials;
    uint64_t generation; /* counts the credentials; 0: none yet */
    int64_t renew_at;    /* seconds since 1970; INT64_MAX: never */
    void *signing;       /* what the signature keeps */
    struct sender *sender;
    enum { S3_LOOK_WANTED, S3_LOOK_UNDER_WAY, S3_LOOK_DONE } look;
    bool secret_is_right;   /* the store has taken a signature */
    struct reason hopeless; /* what the look found; "" where nothing speaks against going on */
    struct json json;
    char name[400]; /* s3://BUCKET at HOST, for messages */
    char etag[72];
    struct service service;
};

/* Reads the profile and sets the address.  Unless `dry` finds credentials too.  False after a
 * message; s3_end() in either case. */
bool s3_begin(struct s3 *s3, const struct s3_options *options, bool dry);

/* The file of certificate authorities that $AWS_CA_BUNDLE or the profile names; NULL: none. */
const char *s3_ca_bundle(const struct s3 *s3);

void s3_end(struct s3 *s3);

#endif
