/* stamping: time stamps for the seals of a directory. */
#ifndef STAMPING_H
#define STAMPING_H

#include "seal/seal_dir.h"
#include "seal/stamp_fetch.h"

#include <pthread.h>
#include <stdatomic.h>

/* Stamps that are fetched at once.  A request takes at most ten seconds and seals that close by
 * time are a second apart at least, so that only seals that fill up can have more outstanding. */
enum { STAMPING_MAX = 16 };

/* A stamp that is fetched, by a thread of its own. */
struct stamping_request {
    struct stamping *stamping;
    uint32_t number;
    unsigned char digest[DIGEST_SIZE];
    pthread_t thread;
    bool threaded; /* by the thread */
    atomic_bool over;
    bool good;
    struct reason reason; /* unless it is good */
};

/* Fetches the stamps of new seals while the caller goes on.  A stamp is written beside its seal as
 * soon as the authority has answered, whatever the order of the answers. */
struct stamping {
    const struct seal_dir *dir;
    const struct stamp_authority *authority;
    struct stamping_request request[STAMPING_MAX]; /* a ring */
    size_t first, outstanding;                     /* those under way, the oldest first */

    /* A seal has no stamp.  Called by the functions below, in the order of the seals. */
    void (*failed)(uint32_t number, const struct reason *reason);
};

/* Begins; dir, authority and what they name must stay. */
void stamping_begin(struct stamping *stamping, const struct seal_dir *dir,
                    const struct stamp_authority *authority,
                    void (*failed)(uint32_t number, const struct reason *reason));

/* Starts to fetch the stamp of a seal with that digest.  Waits only if STAMPING_MAX are
 * outstanding: for the oldest one. */
void stamping_add(struct stamping *stamping, uint32_t number,
                  const unsigned char digest[DIGEST_SIZE]);

/* Tells of the stamps that have failed meanwhile.  True: some are outstanding. */
bool stamping_check(struct stamping *stamping);

/* Waits for all that are outstanding. */
void stamping_end(struct stamping *stamping);

/* Fetches a stamp for each seal that has none, one after the other, the oldest first, until one
 * fails or a signal asks to stop; *stamped is how many there were.  False with a reason: a seal
 * has none. */
bool stamp_missing(const struct seal_dir *dir, const struct stamp_authority *authority,
                   uint32_t *stamped, struct reason *reason);

#endif
