/* s3: a bucket as a service for deliver, one object an event.
 *
 * An object's key is the event's path between prefix and suffix; its content is the event's bytes,
 * or their gzip. */
#ifndef S3_H
#define S3_H

#include "deliver/receipts.h"
#include "deliver/retry.h"
#include "deliver/service.h"
#include "s3/s3_existing.h"

struct s3_options {
    struct s3_store_options store;
    const char *prefix, *suffix; /* of keys; "" for none */
    bool list;                   /* existing objects are listed, and not put again */
};

struct s3 {
    struct s3_options options;
    struct s3_store store;
    struct s3_existing existing;
    char etag[72];
    struct service service;
};

/* Reads the profile and sets the address.  Unless `dry`, finds credentials too.  False after a
 * message; call s3_end() in either case. */
bool s3_begin(struct s3 *s3, const struct s3_options *options, bool dry);

void s3_end(struct s3 *s3);

#endif
