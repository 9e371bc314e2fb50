/* s3_fetch: reads the objects of a walk, many at once, and gives them out in the order of their
 * keys.
 *
 * A window holds what was asked for and not yet given out; its bytes are bounded.  A GET that
 * breaks off goes on where it was, with Range and If-Match; what may be tried again is, for a
 * while; what cannot be read is given out with the reason.  Bodies are checked against their
 * length, and against their ETag where that is an MD5.
 *
 * Times are microseconds of clock_now().
 */
#ifndef S3_FETCH_H
#define S3_FETCH_H

#include "base/jitter.h"
#include "deliver/pace.h"
#include "s3/s3_store.h"
#include "s3/s3_walk.h"

struct s3_object {
    struct span key;
    uint64_t size;    /* as listed */
    struct span etag; /* as listed, likewise */
    struct span time;
    char *body; /* what was read; NULL for nothing */
    size_t len;
    struct reason *failed; /* why it was not read; NULL: it was */

    /* The fetcher's own. */
    struct s3_fetch *fetch;
    struct s3_object *next, *previous; /* in the order of keys */
    struct s3_object *later;           /* in the list of those that are tried again */
    enum { OBJECT_WAITS, OBJECT_LATER, OBJECT_ASKED, OBJECT_READ } state;
    struct http_transfer *transfer;
    char answered_etag[72]; /* of the answer that the body is from; "" for none */
    size_t room;            /* of body */
    size_t asked_from;      /* where the GET under way begins */
    bool answering;         /* bytes of it have come */
    unsigned attempts;
    int64_t first_attempt, sent_at, due;
    char text[]; /* what the spans point to */
};

struct s3_fetch_options {
    size_t parallel; /* requests at once */
    size_t window;   /* bytes of objects at once; a larger one is read alone */
    size_t largest;  /* bytes: what is larger is not read */
    int64_t retry_for;
    bool unordered;    /* objects are given out as they come */
    bool only_listing; /* no object is read; each is given out without a body */
    bool (*skip)(void *context, struct span key); /* whether to pass over a key; may be NULL */
    /* Takes an object that was read, or that failed; it is freed afterwards.  False: stop. */
    bool (*take)(void *context, struct s3_object *object);
    void *context;
};

struct s3_fetch {
    struct s3_fetch_options options;
    struct s3_store *store;
    struct http *http;
    struct s3_walk *walk;
    struct pace pace;
    struct retry_policy policy;
    struct s3_object *first, *last; /* the window */
    struct s3_object *fresh;        /* the first of it that was never asked for; NULL: none */
    struct s3_object *later;        /* those to be tried again */
    size_t objects, bytes;          /* in the window */
    size_t flying;                  /* requests under way, listings included */
    size_t retrying;
    struct listing *listing; /* questions under way, or to be asked again */
    int64_t now;
    bool answered; /* the store has answered at all */
    bool stopping;
    struct reason why; /* it stopped for; "" for none */
    struct jitter jitter;
    size_t lists, gets, retries, skipped; /* counts of requests and of keys */
};

/* Begins.  store, http and walk have begun. */
void s3_fetch_begin(struct s3_fetch *fetch, struct s3_store *store, struct http *http,
                    struct s3_walk *walk, const struct s3_fetch_options *options);

/* Starts what may be started, moves on what is under way, and gives out what is ready.  False: all
 * is done, or it has stopped (fetch->why).  *wake_at is lowered to when it wants to be called
 * again. */
bool s3_fetch_turn(struct s3_fetch *fetch, int64_t *wake_at);

/* Frees what is left, before http_end(). */
void s3_fetch_end(struct s3_fetch *fetch);

#endif
