/* s3_pages: pages of a bucket's listing, in which keys are looked up.
 *
 * A page tells for every key between its ends whether the bucket has it.  A key that no page covers
 * asks for one that begins right before it, so that keys that come in order cost one pass of the
 * listing.  Keys in any order are answered from the pages that are kept; then a page also closes
 * the gap behind the page below the key.
 *
 * Memory is bounded: the pages that were used least recently are dropped.  So are the requests: a
 * page costs credit that answered keys earn; where the listing does not help, it is asked for less
 * and less often.  There is no I/O in here.
 *
 * Times are microseconds of clock_now().
 */
#ifndef S3_PAGES_H
#define S3_PAGES_H

#include "s3/s3_address.h"
#include "s3/s3_list.h"

enum {
    S3_PAGES_MOST = 64,               /* pages that are kept */
    S3_PAGES_BYTES = 16 << 20,        /* … and their memory */
    S3_PAGES_PRICE = 24,              /* keys that a page should answer to be worth it */
    S3_PAGES_CREDIT = 16 * 24,        /* at first, and at most */
    S3_PAGES_PAUSE = 64,              /* keys that are not asked for, at first; doubled … */
    S3_PAGES_LONGEST_PAUSE = 64 << 8, /* … up to so many */
    S3_PAGES_AFTER_MAX = 1024 + 8,    /* bytes of where a page begins */
};

#define S3_PAGES_AGE (60 * (int64_t)1000000) /* an older page is not believed */

struct s3_pages_page;

struct s3_pages {
    struct span prefix; /* all keys have it */
    struct s3_pages_page *page[S3_PAGES_MOST];
    size_t count, bytes;
    uint64_t uses;
    unsigned credit;
    unsigned pass, pause;           /* keys that are not asked for: left, and the next time */
    char after[S3_PAGES_AFTER_MAX]; /* where the page that was asked for begins */
    size_t after_len;
    char missed[S3_KEY_MAX]; /* the key that it was asked for */
    size_t missed_len;
    bool begun;               /* the first page of all was asked for */
    char highest[S3_KEY_MAX]; /* the highest key that was looked up */
    size_t highest_len;
};

/* An object, as the listing told; the span stays until pages are added. */
struct s3_known {
    uint64_t size;
    struct span etag; /* without quotes; no bytes: not told */
};

enum s3_presence {
    S3_PRESENT, /* the bucket has it */
    S3_ABSENT,  /* it did not have it when the page was read */
    S3_UNKNOWN, /* no page covers it: s3_pages_query() asks for one */
    S3_UNASKED, /* no page covers it, and to ask for one is not worth it now */
};

/* The prefix must stay. */
void s3_pages_begin(struct s3_pages *pages, struct span prefix);

/* Looks a key up, at most S3_KEY_MAX bytes of UTF-8.  *known is set with S3_PRESENT. */
enum s3_presence s3_pages_find(struct s3_pages *pages, struct span key, int64_t now,
                               struct s3_known *known);

/* Writes the query for a page, for the key that was just S3_UNKNOWN. */
void s3_pages_query(struct s3_pages *pages, struct span key, char text[S3_LIST_QUERY_MAX]);

enum s3_pages_added {
    S3_PAGES_ADDED,
    S3_PAGES_UNREADABLE, /* it is not a page of a listing */
    S3_PAGES_DISORDER,   /* its keys do not ascend, or not from where it was to begin */
    S3_PAGES_NO_MEMORY,
};

/* Adds the answer to the query. */
enum s3_pages_added s3_pages_add(struct s3_pages *pages, struct span document, int64_t now);

/* There is no answer to the query: the next keys are not asked for. */
void s3_pages_failed(struct s3_pages *pages);

/* The object is about to be replaced: what a page says of it does not hold any more. */
void s3_pages_forget(struct s3_pages *pages, struct span key);

void s3_pages_end(struct s3_pages *pages);

/* Writes a text that comes right before the key, but for keys that hardly exist.  Returns its
 * length.  (All keys after it, not it itself, are what start-after asks for.) */
size_t s3_pages_before(struct span key, char text[S3_PAGES_AFTER_MAX]);

#endif
