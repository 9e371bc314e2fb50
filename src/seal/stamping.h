/* stamping: time stamps for the seals of a directory. */
#ifndef STAMPING_H
#define STAMPING_H

#include "seal/seal_dir.h"
#include "seal/stamp_fetch.h"

#include <pthread.h>
#include <stdatomic.h>

/* Stamps that are fetched at once.  A request takes at most ten seconds, and seals that close by
 * time are at least a second apart, so only seals that are full can have more outstanding. */
enum { STAMPING_MAX = 16 };

/* A stamp that is being fetched, by a thread of its own. */
struct stamping_request {
    struct stamping *stamping;
    uint32_t number;
    unsigned char digest[DIGEST_SIZE];
    pthread_t thread;
    bool threaded; /* a thread fetches it */
    atomic_bool over;
    bool good;
    struct reason reason; /* unless it was fetched */
};

/* Fetches the stamps of new seals in the background.  A stamp is written beside its seal as soon as
 * the authority has responded, whatever the order of the responses. */
struct stamping {
    const struct seal_dir *dir;
    const struct stamp_authority *authority;
    struct stamping_request request[STAMPING_MAX]; /* a ring */
    size_t first, outstanding;                     /* those under way, the oldest first */

    /* Reports a seal without a stamp.  Called by the functions below, in the order of the seals. */
    void (*failed)(uint32_t number, const struct reason *reason);
};

/* Begins; dir, authority and their strings must stay valid. */
void stamping_begin(struct stamping *stamping, const struct seal_dir *dir,
                    const struct stamp_authority *authority,
                    void (*failed)(uint32_t number, const struct reason *reason));

/* Starts to fetch the stamp of a seal with that digest.  Waits only if STAMPING_MAX are
 * outstanding, for the oldest one. */
void stamping_add(struct stamping *stamping, uint32_t number,
                  const unsigned char digest[DIGEST_SIZE]);

/* Reports stamps that have failed in the meantime.  True: some are outstanding. */
bool stamping_check(struct stamping *stamping);

/* Waits for all outstanding stamps. */
void stamping_end(struct stamping *stamping);

/* Fetches a stamp for each seal that has none, one after the other, the oldest first, until one
 * fails or a signal asks to stop; *stamped is how many there were.  False with a reason: a seal
 * has none. */
bool stamp_missing(const struct seal_dir *dir, const struct stamp_authority *authority,
                   uint32_t *stamped, struct reason *reason);

#endif
