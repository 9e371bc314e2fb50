/* s3: a bucket as the service that deliver.h delivers to, one object an event.
 *
 * The path of an event, between prefix and suffix, is its object's key; the event's bytes are the
 * object, or their gzip.
 */
#ifndef S3_H
#define S3_H

#include "deliver/receipts.h"
#include "deliver/retry.h"
#include "deliver/service.h"
#include "s3/s3_existing.h"

struct s3_options {
    struct s3_store_options store;
    const char *prefix, *suffix; /* of keys; "" for none */
    bool list;                   /* what exists is listed, and not put again */
};

struct s3 {
    struct s3_options options;
    struct s3_store store;
    struct s3_existing existing;
    char etag[72];
    struct service service;
};

/* Reads the profile and sets the address.  Unless `dry` finds credentials too.  False after a
 * message; s3_end() in either case. */
bool s3_begin(struct s3 *s3, const struct s3_options *options, bool dry);

void s3_end(struct s3 *s3);

#endif
