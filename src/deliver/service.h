/* service: what a request to an HTTP log service or a bucket is, and what its response means.
 *
 * The sender (sender.h) makes batches, sends, waits and retries; a service knows its protocol.  It
 * does no I/O of its own, except for transfers that it starts on sender_http() (a token, a
 * listing), which end in http_run() as all do.  It writes no message: it says what a response
 * means.
 *
 * Times are microseconds of clock_now(). */
#ifndef SERVICE_H
#define SERVICE_H

#include "base/out.h"
#include "deliver/http.h"
#include "filter/record.h"

struct sender;

/* One request: one record, or a batch. */
struct request {
    struct records records; /* in input order */
    size_t size;            /* their sizes together */
    unsigned attempts;      /* attempts begun so far */
    int64_t first_attempt;  /* its time; 0: not yet */
    int64_t last_attempt;
    int64_t due;         /* while it waits: when it is tried again */
    long status;         /* of the last response; 0: none yet */
    int step;            /* the service's own, 0 at first: for requests with several steps */
    unsigned unreadable; /* responses so far that could not be read */
    bool halved;         /* it was a part of a larger request */
    struct http_transfer *transfer;
    struct sender *sender;
    struct request *next, *previous;
};

/* What a response means, and so what to do with the request. */
enum meaning {
    MEANS_DELIVERED,
    MEANS_EXISTS,        /* the same content exists already, which is a success */
    MEANS_REPLACED,      /* other content existed, and is replaced */
    MEANS_RETRY,         /* again, after a wait */
    MEANS_SLOW_DOWN,     /* the same, and fewer requests at once */
    MEANS_AGAIN,         /* again at once: the service has corrected the cause, or taken a step */
    MEANS_TOO_LARGE,     /* again in two halves; a single record is rejected */
    MEANS_BAD,           /* the same: some event in it is refused */
    MEANS_UNREADABLE,    /* it cannot be read: again, after the second time in two halves; a single
                            record is rejected */
    MEANS_REJECTED,      /* every event in it is refused */
    MEANS_REFUSED,       /* before anything was delivered: MEANS_MISCONFIGURED; later: MEANS_BAD */
    MEANS_MISCONFIGURED, /* no request can succeed: stop */
    MEANS_WAIT,          /* of prepare() only: it is called again once ready() returns READY_NOW */
};

/* The meaning for one record of a batch, if the response has one for each. */
struct judged {
    bool is;              /* the record has a meaning of its own … */
    enum meaning meaning; /* … which is MEANS_DELIVERED, _EXISTS, _REPLACED or _REJECTED */
    char *reason;         /* why it is rejected */
};

/* The meaning of a response, as data. */
struct judgement {
    enum meaning meaning; /* for the records without one of their own */
    struct reason reason; /* why, unless it is a success */
    const char *etag;     /* of the object, until the service's next call; NULL: none */
    struct judged *each;  /* by position in the request; NULL: no record has one of its own */
    size_t count;         /* of the request's records */
};

/* Begins a judgement of a request of so many records. */
void judgement_begin(struct judgement *judgement, size_t count);

/* Sets the meaning for the record at `index` (from 0): delivered, exists, replaced, or rejected for
 * the given reason.  False: no memory; the meaning of the whole is then MEANS_RETRY. */
bool judgement_settle(struct judgement *judgement, size_t index, enum meaning meaning,
                      const char *reason);

/* Frees its memory; it can begin again. */
void judgement_end(struct judgement *judgement);

enum readiness {
    READY_NOW,
    READY_LATER,
    READY_NEVER, /* for the given reason: nothing can be sent any more */
};

struct service {
    void *context;

    /* A sink's accept(): sets body and size if they are not the event's text and its length. */
    bool (*accept)(void *context, struct record *record, struct reason *reason);

    /* Whether a request may start now, or something must be fetched first.  It is called again when
     * a transfer has ended; *wake_at may be lowered to request another call.  NULL: always. */
    enum readiness (*ready)(void *context, struct sender *sender, int64_t now, int64_t *wake_at,
                            struct reason *reason);

    /* Sets up request->transfer: URL, headers, body.  False: nothing is sent; judgement says what
     * to do with the request: MEANS_REJECTED with a reason, MEANS_EXISTS, or MEANS_WAIT. */
    bool (*prepare)(void *context, struct request *request, struct judgement *judgement);

    /* Says what a response (response->code is CURLE_OK) means. */
    void (*judge)(void *context, struct request *request, const struct http_response *response,
                  struct judgement *judgement);

    /* Shows what would be sent (--dry-run), from a transfer that prepare() has set up. */
    bool (*show)(void *context, const struct request *request, struct out *out);

    const char *name; /* of the service, for messages; no secret in it */

    size_t batch_events; /* records in one request, at most; 1: no batches */
    size_t batch_bytes;  /* bytes in one request, at most, including batch_overhead.  0: no limit */
    size_t batch_overhead; /* bytes of a request besides its records' sizes */
    int64_t batch_wait;    /* how long a record waits for others to join it */
    bool batch_by_tag;     /* the records of one request have equal tags */
};

#endif
