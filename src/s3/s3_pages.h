/* s3_pages: pages of a bucket's listing, in which keys are looked up.
 *
 * A page says for every key between its ends whether the bucket has it.  For a key that no page
 * covers, a page is requested that begins right before it, so that looking up keys in order costs
 * one pass of the listing.  Keys in any order are looked up in the pages in memory; a new page then
 * also closes the gap behind the page below the key.
 *
 * Memory is bounded: the least recently used pages are dropped.  Requests are bounded too: a page
 * costs credit, and every key that is found in a page earns some; if the listing does not help, it
 * is requested less and less often.  There is no I/O in here.
 *
 * Times are microseconds of clock_now(). */
#ifndef S3_PAGES_H
#define S3_PAGES_H

#include "s3/s3_address.h"
#include "s3/s3_list.h"

enum {
    S3_PAGES_MOST = 64,        /* pages that are kept */
    S3_PAGES_BYTES = 16 << 20, /* … and their memory */
    S3_PAGES_PRICE = 24,       /* lookups that a page must serve to be worth its request */
    S3_PAGES_CREDIT = 16 * 24, /* at first, and at most */
    S3_PAGES_PAUSE = 64,       /* keys for which no page is requested, at first; doubled … */
    S3_PAGES_LONGEST_PAUSE = 64 << 8, /* … up to so many */
    S3_PAGES_AFTER_MAX = 1024 + 8,    /* bytes of a page's beginning */
};

#define S3_PAGES_AGE (60 * (int64_t)1000000) /* an older page is not trusted */

struct s3_pages_page;

struct s3_pages {
    struct span prefix; /* all keys have it */
    struct s3_pages_page *page[S3_PAGES_MOST];
    size_t count, bytes;
    uint64_t uses;
    unsigned credit;
    unsigned pass, pause;           /* keys without a request: left, and in the next pause */
    char after[S3_PAGES_AFTER_MAX]; /* where the requested page begins */
    size_t after_len;
    char missed[S3_KEY_MAX]; /* the key that it was requested for */
    size_t missed_len;
    bool begun;               /* the very first page was requested */
    char highest[S3_KEY_MAX]; /* the highest key that was looked up */
    size_t highest_len;
};

/* An object as listed; the span is valid until pages are added. */
struct s3_known {
    uint64_t size;
    struct span etag; /* without quotes; no bytes: not known */
};

enum s3_presence {
    S3_PRESENT, /* the bucket has it */
    S3_ABSENT,  /* the bucket did not have it when the page was read */
    S3_UNKNOWN, /* no page covers it: s3_pages_query() requests one */
    S3_UNASKED, /* no page covers it, and a request is not worthwhile now */
};

/* The prefix must stay valid. */
void s3_pages_begin(struct s3_pages *pages, struct span prefix);

/* Looks a key up, at most S3_KEY_MAX bytes of UTF-8.  S3_PRESENT sets *known. */
enum s3_presence s3_pages_find(struct s3_pages *pages, struct span key, int64_t now,
                               struct s3_known *known);

/* Writes the query for a page, for the key that was just S3_UNKNOWN. */
void s3_pages_query(struct s3_pages *pages, struct span key, char text[S3_LIST_QUERY_MAX]);

enum s3_pages_added {
    S3_PAGES_ADDED,
    S3_PAGES_UNREADABLE, /* it is not a page of a listing */
    S3_PAGES_DISORDER,   /* its keys do not ascend, or begin at the wrong place */
    S3_PAGES_NO_MEMORY,
};

/* Adds the response to the query. */
enum s3_pages_added s3_pages_add(struct s3_pages *pages, struct span document, int64_t now);

/* The query failed: no page is requested for the next keys. */
void s3_pages_failed(struct s3_pages *pages);

/* The object is about to be replaced: the pages' entries for it are no longer valid. */
void s3_pages_forget(struct s3_pages *pages, struct span key);

void s3_pages_end(struct s3_pages *pages);

/* Writes a text that sorts right before the key; hardly any key is in between.  Returns its length.
 * (start-after lists all keys after the text, not the text itself.) */
size_t s3_pages_before(struct span key, char text[S3_PAGES_AFTER_MAX]);

#endif
