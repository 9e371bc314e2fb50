/* s3_walk: which keys of a bucket are read, in the order of their bytes, and which listings that
 * takes.
 *
 * No I/O: the caller lists what s3_walk_wanted() asks for, passes the page to s3_walk_listed(), and
 * takes the keys from s3_walk_next().  A walk is a list of segments in the order of their keys. A
 * segment that was listed is replaced by its keys, by a segment for each prefix in the page, and by
 * one for the keys after the page.
 *
 * With `days`, only these days of audit-path's layouts are listed, below the prefix:
 *
 *     USER/jobs/RECIPE/20240312/…                   current and legacy
 *     TEAM/activity/20240312/…
 *     kind=job/user_id=USER/date=2024-03-12/…       hive
 *
 * and all keys in other places.  Inside RECIPE/, activity/ and user_id=USER/ only names that begin
 * with a date of these days are listed. */
#ifndef S3_WALK_H
#define S3_WALK_H

#include "base/diag.h"
#include "s3/s3_list.h"

struct s3_walk_options {
    struct span prefix; /* of all keys */
    struct span after;  /* a key: only those after it; no bytes: all */
    bool days;          /* only these days, both included, as YYYYMMDD: */
    char first[9], last[9];
    size_t ahead; /* with so many keys waiting nothing more is listed */
};

struct s3_segment;

struct s3_walk {
    struct s3_walk_options options;
    struct s3_segment *first; /* in the order of keys */
    size_t keys;              /* that are waiting */
    size_t asked;             /* segments that are being listed */
};

/* Begins; the options' spans must stay valid.  False: no memory. */
bool s3_walk_begin(struct s3_walk *walk, const struct s3_walk_options *options);

/* The next segment to list, and the query; its spans are valid until the segment was listed.  NULL:
 * none now. */
struct s3_segment *s3_walk_wanted(struct s3_walk *walk, struct s3_list_query *query);

/* Takes over the page that was listed for a segment.  False with a reason: the store lists out of
 * order or other keys than requested, or there is no memory. */
bool s3_walk_listed(struct s3_walk *walk, struct s3_segment *segment, struct s3_page *page,
                    struct reason *reason);

/* The listing failed: the segment is wanted again. */
void s3_walk_unlisted(struct s3_walk *walk, struct s3_segment *segment);

/* The next object; valid until s3_walk_next() passes it.  NULL: none is listed yet. */
const struct s3_item *s3_walk_peek(struct s3_walk *walk);
void s3_walk_next(struct s3_walk *walk);

/* Whether all keys were taken. */
static inline bool s3_walk_at_end(const struct s3_walk *walk)
{
    return walk->first == NULL;
}

void s3_walk_end(struct s3_walk *walk);

#endif
