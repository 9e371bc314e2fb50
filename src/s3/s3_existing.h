/* s3_existing: which objects a bucket has already, listed as they are needed (--existing=list).
 *
 * A page of the listing is fetched when a key is not in the pages that are kept (s3_pages.h);
 * meanwhile no request is begun.  A listing that fails for a while is done without; one that is
 * refused, or that cannot be used, is hopeless.
 */
#ifndef S3_EXISTING_H
#define S3_EXISTING_H

#include "s3/s3_pages.h"
#include "s3/s3_store.h"

struct s3_existing {
    struct s3_store *store;
    struct s3_pages pages;
    bool asking;            /* a page is being fetched */
    bool listed;            /* a page was read */
    struct reason hopeless; /* "" where nothing speaks against listing */
};

/* The prefix, which all keys have, must stay. */
void s3_existing_begin(struct s3_existing *existing, struct s3_store *store, struct span prefix);

/* Looks a key up.  S3_UNKNOWN: a page is being fetched, or it is hopeless. */
enum s3_presence s3_existing_find(struct s3_existing *existing, struct span key,
                                  struct s3_known *known);

/* After http_end(). */
void s3_existing_end(struct s3_existing *existing);

#endif
