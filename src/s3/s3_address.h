/* s3_address: the location of a bucket and its objects: endpoint, addressing, keys and their
 * URLs. */
#ifndef S3_ADDRESS_H
#define S3_ADDRESS_H

#include "base/diag.h"

enum {
    S3_KEY_MAX = 1024,                  /* bytes of a key */
    S3_URL_MAX = 3 * S3_KEY_MAX + 1024, /* bytes of an object's URL, its NUL included */
};

enum s3_addressing {
    S3_ADDRESSING_AUTO,    /* virtual at AWS, unless the bucket's name has a dot; else path */
    S3_ADDRESSING_VIRTUAL, /* https://BUCKET.HOST/KEY */
    S3_ADDRESSING_PATH,    /* https://HOST/BUCKET/KEY */
};

struct s3_address {
    const char *bucket;
    bool https;
    bool virtual_host;
    char host[300]; /* of the endpoint, with its port if it has one */
    char base[640]; /* the beginning of every object's URL, up to and including the '/' before the
                       key */
    size_t path_at; /* the offset of the URL's path in it */
};

/* endpoint is a URL, or NULL for AWS's own in the region.  The bucket's name must stay valid.
 * False with a reason: not a valid endpoint or bucket name. */
bool s3_address_set(struct s3_address *address, const char *endpoint, const char *region,
                    const char *bucket, enum s3_addressing addressing, struct reason *reason);

/* Writes the URL of an object.  The key's bytes are percent-encoded once, all but the unreserved
 * characters of RFC 3986 and '/', as signature version 4 requires. */
void s3_address_url(const struct s3_address *address, struct span key, char url[S3_URL_MAX]);

/* Writes the bytes percent-encoded, all but RFC 3986's unreserved characters and, with `slashes`,
 * '/': at most three bytes each, without a NUL.  Returns the end. */
char *s3_address_encode(struct span bytes, bool slashes, char *to);

/* Whether an object may have the key that the pieces form: 1 to 1,024 bytes, and no segment "." or
 * "..", which clients and proxies would resolve.  False with a reason. */
bool s3_key_check(const struct span *piece, size_t pieces, struct reason *reason);

#endif
