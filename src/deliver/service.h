/* service: what a request to an HTTP log service or a bucket is, and what its answer means.
 *
 * The sender (sender.h) makes batches, sends, waits and tries again; a service knows its protocol.
 * It does no I/O of its own, but for transfers that it starts on sender_http() (a token, a
 * listing), which end in http_run() as all do.  It writes no message: it says what an answer means.
 *
 * Times are microseconds of clock_now().
 */
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
    unsigned attempts;      /* begun so far */
    int64_t first_attempt;  /* when; 0: not yet */
    int64_t last_attempt;
    int64_t due;         /* while it waits: when it is tried again */
    long status;         /* of the last answer, 0: none yet */
    int step;            /* the service's own, 0 at first: where one becomes several */
    unsigned unreadable; /* answers so far that could not be read */
    bool halved;         /* it was a part of a larger one */
    struct http_transfer *transfer;
    struct sender *sender;
    struct request *next, *previous;
};

/* What an answer means. */
enum answer {
    ANSWER_DELIVERED,
    ANSWER_EXISTS,     /* the same content was there already, which is as good */
    ANSWER_REPLACED,   /* other content was there, and is replaced */
    ANSWER_RETRY,      /* again, after a wait */
    ANSWER_SLOW_DOWN,  /* the same, and fewer requests at once */
    ANSWER_AGAIN,      /* again at once: the service has seen to what was wrong, or took a step */
    ANSWER_TOO_LARGE,  /* again in two halves; a single one is rejected */
    ANSWER_BAD,        /* the same: some event in it is refused */
    ANSWER_UNREADABLE, /* it cannot be read: again, after two of them in two halves; a single one is
                       rejected */
    ANSWER_REJECTED,   /* every event in it is refused */
    ANSWER_REFUSED,    /* before anything was delivered: ANSWER_MISCONFIGURED; later: ANSWER_BAD */
    ANSWER_MISCONFIGURED, /* no request can succeed: stop */
    ANSWER_WAIT,          /* of prepare() only: it is asked again once ready() says READY_NOW */
};

/* Of one record of a batch, where the answer tells them apart. */
struct judged {
    bool is;            /* it has an answer of its own … */
    enum answer answer; /* … which is ANSWER_DELIVERED, _EXISTS, _REPLACED or _REJECTED */
    char *reason;       /* why it is rejected */
};

/* An answer's meaning, as data. */
struct judgement {
    enum answer answer;   /* for the records that have none of their own */
    struct reason reason; /* why, where that is no success */
    const char *etag;     /* of the object, until the service's next call; NULL: none */
    struct judged *each;  /* by the records' places in the request; NULL: none has one of its own */
    size_t count;         /* of the request's records */
};

/* Begins a judgement of a request of so many records. */
void judgement_begin(struct judgement *judgement, size_t count);

/* Sets the answer of the record at `index` (from 0): delivered, exists, replaced, or rejected for
 * the reason given.  False: no memory; the whole is then ANSWER_RETRY. */
bool judgement_settle(struct judgement *judgement, size_t index, enum answer answer,
                      const char *reason);

/* Frees what it holds; it can begin again. */
void judgement_end(struct judgement *judgement);

enum readiness {
    READY_NOW,
    READY_LATER,
    READY_NEVER, /* for the reason given: nothing can be sent any more */
};

struct service {
    void *context;

    /* A sink's accept(): sets body and size where they are not the event's text and its length. */
    bool (*accept)(void *context, struct record *record, struct reason *reason);

    /* Whether a request may start now, or something is being fetched first.  It is asked again when
     * a transfer has ended; *wake_at may be lowered to when it wants to be asked besides.  NULL:
     * always. */
    enum readiness (*ready)(void *context, struct sender *sender, int64_t now, int64_t *wake_at,
                            struct reason *reason);

    /* Sets up request->transfer: URL, headers, body.  False: nothing is sent; judgement says what
     * becomes of the request: ANSWER_REJECTED with a reason, ANSWER_EXISTS, or ANSWER_WAIT. */
    bool (*prepare)(void *context, struct request *request, struct judgement *judgement);

    /* Says what an answer that came (reply->code is CURLE_OK) means. */
    void (*judge)(void *context, struct request *request, const struct http_reply *reply,
                  struct judgement *judgement);

    /* Shows what would be sent (--dry-run), from a transfer that prepare() has set up. */
    bool (*show)(void *context, const struct request *request, struct out *out);

    const char *name; /* of the service, for messages; no secret in it */

    size_t batch_events;   /* the most records in one request; 1: no batches */
    size_t batch_bytes;    /* the most bytes; batch_overhead and the sizes count.  0: no limit */
    size_t batch_overhead; /* bytes of a request beside its records' sizes */
    int64_t batch_wait;    /* how long a record waits for others to join it */
    bool batch_by_tag;     /* the records of one request have equal tags */
};

#endif
