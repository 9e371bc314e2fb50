/* s3_existing: which objects a bucket has already, listed as needed (--existing=list).
 *
 * If a key is not in the pages in memory (s3_pages.h), a page of the listing is fetched, and no
 * request is begun until it is read.  A listing that fails for some time is not used; if it is
 * refused, or cannot be used, `hopeless` is set. */
#ifndef S3_EXISTING_H
#define S3_EXISTING_H

#include "s3/s3_pages.h"
#include "s3/s3_store.h"

struct s3_existing {
    struct s3_store *store;
    struct s3_pages pages;
    bool asking;            /* a page is being fetched */
    bool listed;            /* a page was read */
    struct reason hopeless; /* "" as long as listing is possible */
};

/* The prefix, which all keys have, must stay valid. */
void s3_existing_begin(struct s3_existing *existing, struct s3_store *store, struct span prefix);

/* Looks a key up.  S3_UNKNOWN: a page is being fetched, or `hopeless` is set. */
enum s3_presence s3_existing_find(struct s3_existing *existing, struct span key,
                                  struct s3_known *known);

/* Ends it, after http_end(). */
void s3_existing_end(struct s3_existing *existing);

#endif
