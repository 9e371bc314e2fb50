#include "config.h"

#include "base/interrupt.h"
#include "seal/stamping.h"

#include <errno.h>
#include <stdlib.h>

bool stamp_seal(const struct seal_dir *dir, const struct stamp_authority *authority,
                uint32_t number, const unsigned char digest[DIGEST_SIZE], struct reason *reason)
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
    for (size_t i = 0; i < list.count && good && interrupt_asked() == NULL; i++)
        if ((list.item[i].has & (SEAL_HAS_FILE | SEAL_HAS_STAMP)) == SEAL_HAS_FILE) {
            good = stamp_number(dir, authority, list.item[i].number, reason);
            *stamped += good;
        }
    seal_list_free(&list);
    return good;
}
