#include "config.h"

#include "base/interrupt.h"
#include "base/thread.h"
#include "seal/stamping.h"

#include <inttypes.h>
#include <stdlib.h>

/* Fetches a time stamp for the seal's digest and writes it beside the seal.  False with a
 * reason. */
static bool stamp_seal(const struct seal_dir *dir, const struct stamp_authority *authority,
                       uint32_t number, const unsigned char digest[DIGEST_SIZE],
                       struct reason *reason)
{
    char name[SEAL_NAME_MAX];
    struct span stamp;
    if (!stamp_fetch(authority, digest, &stamp, reason))
        return false;
    seal_name(number, ".tsr", name);
    bool good = seal_dir_put(dir, name, stamp, reason);
    free((char *)stamp.at);
    return good;
}

static void *fetch(void *context)
{
    struct stamping_request *request = context;
    request->good = stamp_seal(request->stamping->dir, request->stamping->authority,
                               request->number, request->digest, &request->reason);
    atomic_store(&request->over, true);
    return NULL;
}

void stamping_begin(struct stamping *stamping, const struct seal_dir *dir,
                    const struct stamp_authority *authority,
                    void (*failed)(uint32_t number, const struct reason *reason))
{
    stamping->dir = dir;
    stamping->authority = authority;
    stamping->first = stamping->outstanding = 0;
    stamping->failed = failed;
}

/* Removes the oldest request from the ring once it has ended. */
static void end_request(struct stamping *stamping)
{
    struct stamping_request *request = &stamping->request[stamping->first];
    if (request->threaded)
        pthread_join(request->thread, NULL);
    stamping->first = (stamping->first + 1) % STAMPING_MAX;
    stamping->outstanding--;
    if (!request->good)
        stamping->failed(request->number, &request->reason);
}

void stamping_add(struct stamping *stamping, uint32_t number,
                  const unsigned char digest[DIGEST_SIZE])
{
    if (stamping->outstanding == STAMPING_MAX)
        end_request(stamping);
    size_t last = (stamping->first + stamping->outstanding++) % STAMPING_MAX;
    struct stamping_request *request = &stamping->request[last];
    request->stamping = stamping;
    request->number = number;
    memcpy(request->digest, digest, DIGEST_SIZE);
    atomic_store(&request->over, false);
    request->threaded = thread_start(&request->thread, fetch, request) == 0;
    if (!request->threaded)
        fetch(request);
}

bool stamping_check(struct stamping *stamping)
{
    while (stamping->outstanding > 0 && atomic_load(&stamping->request[stamping->first].over))
        end_request(stamping);
    return stamping->outstanding > 0;
}

void stamping_end(struct stamping *stamping)
{
    while (stamping->outstanding > 0)
        end_request(stamping);
}

/* Loads the seal and stamps it. */
static bool stamp_number(const struct seal_dir *dir, const struct stamp_authority *authority,
                         uint32_t number, struct reason *reason)
{
    char name[SEAL_NAME_MAX];
    unsigned char digest[DIGEST_SIZE];
    struct span seal;
    seal_name(number, ".sha256", name);
    if (seal_dir_load(dir, name, &seal, reason) != SEAL_LOADED)
        return false;
    digest_sha256(seal, digest);
    free((char *)seal.at);
    return stamp_seal(dir, authority, number, digest, reason);
}

bool stamp_missing(const struct seal_dir *dir, const struct stamp_authority *authority,
                   uint32_t *stamped, struct reason *reason)
{
    struct seal_list list;
    bool good = true;
    *stamped = 0;
    if (!seal_dir_list(dir, &list, NULL, NULL, reason))
        return false;
    for (size_t i = 0; i < list.count && good; i++) {
        uint32_t number = list.item[i].number;
        if ((list.item[i].has & (SEAL_HAS_FILE | SEAL_HAS_STAMP)) != SEAL_HAS_FILE)
            continue;
        if (interrupt_asked() != NULL) {
            good = reason_set(reason, "stopped by %s; seal %08" PRIu32 " has no time stamp",
                              interrupt_asked(), number);
            break;
        }
        good = stamp_number(dir, authority, number, reason);
        *stamped += good;
    }
    seal_list_free(&list);
    return good;
}
