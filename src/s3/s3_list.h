/* s3_list: a page of a bucket's listing: the request and the response.
 *
 * Amazon S3 API reference, ListObjectsV2.  The next page is requested by start-after, with the last
 * key of the page before: tokens are opaque, differ between stores, and cannot be kept.  Keys are
 * requested in percent encoding, because XML cannot represent every character of a key. */
#ifndef S3_LIST_H
#define S3_LIST_H

#include "base/span.h"

#include <stdint.h>

enum {
    S3_LIST_MOST = 1000,                      /* keys of a page */
    S3_LIST_QUERY_MAX = 6 * (1024 + 8) + 200, /* bytes of a query, including its NUL */
};

struct s3_list_query {
    struct span prefix;      /* of keys, at most 1,024 bytes; no bytes: all */
    struct span start_after; /* keys after this one, likewise */
    bool delimiter; /* keys that are equal up to the next '/' after the prefix are one item */
    unsigned most;  /* keys of the page, 1 to S3_LIST_MOST; 0 only checks the bucket */
};

/* Writes the URL's query, encoded and in the order that signatures require.  False: the prefix or
 * start_after is too long. */
bool s3_list_query(const struct s3_list_query *query, char text[S3_LIST_QUERY_MAX]);

struct s3_item {
    struct span key;  /* of an object, or the common prefix of the keys */
    bool is_prefix;   /* with delimiter */
    uint64_t size;    /* bytes */
    struct span etag; /* without quotes; no bytes: not known */
    struct span time; /* last changed, as the store writes it (RFC 3339); no bytes: not known */
};

struct s3_page {
    struct s3_item *item; /* in the order of their keys' bytes */
    size_t count;
    bool more;  /* the listing continues after these */
    char *text; /* what the spans point to */
};

/* Reads a response.  Objects and prefixes become one sequence.  False: it is not a listing, is
 * truncated, or there is no memory; the page is then empty. */
bool s3_page_read(struct s3_page *page, struct span document);

/* Whether the keys ascend and come after start_after, which every user of a listing relies on. */
bool s3_page_in_order(const struct s3_page *page, struct span start_after);

void s3_page_free(struct s3_page *page);

/* Compares keys by their bytes, as S3 orders them: below, equal to or above 0. */
int s3_key_compare(struct span a, struct span b);

#endif
