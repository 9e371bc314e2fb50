/* s3_fetch: reads the objects of a walk, many at once, and passes them on in the order of their
 * keys.
 *
 * A window contains the objects that were requested and not yet passed on; its size in bytes is
 * bounded.  A GET that is interrupted continues from there, with Range and If-Match.  Temporary
 * errors are retried for some time; an object that cannot be read is passed on with the reason.
 * Bodies are checked against their length, and against their ETag if that is an MD5.
 *
 * Times are microseconds of clock_now(). */
#ifndef S3_FETCH_H
#define S3_FETCH_H

#include "base/jitter.h"
#include "deliver/pace.h"
#include "s3/s3_store.h"
#include "s3/s3_walk.h"

struct s3_object {
    struct span key;
    uint64_t size;    /* as listed */
    struct span etag; /* as listed, too */
    struct span time;
    char *body; /* what was read; NULL for nothing */
    size_t len;
    struct reason *failed; /* why it was not read; NULL: it was read */

    /* The fetch's own members. */
    struct s3_fetch *fetch;
    struct s3_object *next, *previous; /* in the order of keys */
    struct s3_object *later;           /* in the list of those to be tried again */
    enum { OBJECT_WAITS, OBJECT_LATER, OBJECT_ASKED, OBJECT_READ } state;
    struct http_transfer *transfer;
    char answered_etag[72]; /* of the response that the body is from; "" for none */
    size_t room;            /* of body */
    size_t asked_from;      /* the offset at which the GET under way begins */
    bool answering;         /* bytes of its response were received */
    unsigned attempts;
    int64_t first_attempt, sent_at, due;
    char text[]; /* what the spans point to */
};

struct s3_fetch_options {
    size_t parallel; /* requests at once */
    size_t window;   /* bytes of objects at once; a larger one is read alone */
    size_t largest;  /* in bytes: larger objects are not read */
    int64_t retry_for;
    bool unordered;    /* objects are passed on as they arrive */
    bool only_listing; /* no object is read; each is passed on without a body */
    bool (*skip)(void *context, struct span key); /* whether to skip a key; may be NULL */
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
    struct s3_object *fresh;        /* the first one in it that was never requested; NULL: none */
    struct s3_object *later;        /* those to be tried again */
    size_t objects, bytes;          /* in the window */
    size_t flying;                  /* requests under way, listings included */
    size_t retrying;
    struct listing *listing; /* requests under way, or to be sent again */
    int64_t now;
    bool answered; /* the store has responded at all */
    bool stopping;
    struct reason why; /* why it stopped; "" for none */
    struct jitter jitter;
    size_t lists, gets, retries, skipped; /* counts of requests and of keys */
};

/* Begins.  store, http and walk have begun. */
void s3_fetch_begin(struct s3_fetch *fetch, struct s3_store *store, struct http *http,
                    struct s3_walk *walk, const struct s3_fetch_options *options);

/* Starts requests, moves transfers on, and passes on objects that are ready.  False: all is done,
 * or the fetch has stopped (fetch->why).  *wake_at is lowered to when it must be called again. */
bool s3_fetch_turn(struct s3_fetch *fetch, int64_t *wake_at);

/* Frees the rest, before http_end(). */
void s3_fetch_end(struct s3_fetch *fetch);

#endif
