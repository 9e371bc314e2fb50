/* sealer: writes a log: takes digests of events and publishes seals.
 *
 * A seal's lines are kept in memory until it closes, at most SEALER_LINES bytes: a full seal closes
 * early.  A thread signs and publishes it while lines are added to the next one; two may be under
 * way, because signing one can take longer than filling the next. */
#ifndef SEALER_H
#define SEALER_H

#include "seal/seal_dir.h"
#include "seal/seal_key.h"

#include <pthread.h>

enum {
    SEALER_LINES = 8 << 20,
    SEALER_PENDING = 2, /* closed seals that are being published */
};

/* A closed seal that is being published. */
struct publication {
    struct sealer *sealer;
    struct seal_head head;
    char *buffer; /* its memory */
    size_t capacity;
    struct span seal;
    unsigned char digest[DIGEST_SIZE];
    pthread_t thread;
    bool threaded; /* a thread publishes it */
    bool good;
    struct reason reason; /* unless it was published, or an earlier one was not */
};

struct sealer {
    struct seal_dir dir;
    const struct seal_key *key;
    struct seal_head head; /* of the open seal; `to` is set when it closes */
    int64_t opened;        /* when this run opened the seal: it closes `every` later */
    unsigned char previous[DIGEST_SIZE];            /* of the previous seal */
    struct publication publication[SEALER_PENDING]; /* a ring */
    size_t first, pending;                          /* those under way, the oldest first */
    pthread_mutex_t lock;                           /* protects `turn` and `lost` */
    pthread_cond_t turned;
    uint32_t turn;             /* the number of the seal that is published next */
    bool lost;                 /* one could not be published, so none after it may be */
    char *buffer;              /* room for the first lines, then the open seal's lines */
    size_t used, capacity;     /* bytes of lines */
    uint64_t events, removals; /* sealed in this run */
    uint32_t seals;            /* published in this run */
    bool failed;               /* the open seal could not be published */
    void (*published)(void *context, uint32_t number, const unsigned char digest[DIGEST_SIZE]);
    void *context;
};

/* The caller's settings; log may be NULL: the directory's own name. */
struct sealer_options {
    const char *log;
    int64_t every; /* seconds */
};

/* Opens the directory, takes its lock, finishes the work of a killed run, and opens the next seal.
 * The caller has set `published`.  False with a reason. */
bool sealer_begin(struct sealer *sealer, const char *directory, const struct seal_key *key,
                  const struct sealer_options *options, struct reason *reason);

/* Whether the path can be sealed in this log.  False with a reason. */
bool sealer_check(const struct sealer *sealer, struct span path, struct reason *reason);

/* Adds an event, as seal_entry_write() wrote it, or a path that was removed.  If the seal is full,
 * closes it first.  False with a reason: a seal could not be published, or there is no memory. */
bool sealer_add(struct sealer *sealer, struct span line, struct reason *reason);
bool sealer_remove(struct sealer *sealer, struct span path, struct reason *reason);

/* When the open seal must be closed: milliseconds since 1970. */
int64_t sealer_due(const struct sealer *sealer);

/* The current time, in the same unit. */
int64_t sealer_now(void);

/* Closes the open seal, publishes it and opens the next one.  False with a reason. */
bool sealer_close(struct sealer *sealer, struct reason *reason);

/* Waits until the closed seals are published.  False with a reason: one could not be, and its lines
 * count as part of the open seal again. */
bool sealer_wait(struct sealer *sealer, struct reason *reason);

/* Frees everything and releases the lock.  The open seal is not published. */
void sealer_end(struct sealer *sealer);

#endif
