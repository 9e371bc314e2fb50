/* seal_dir: the directory of a log's seals.
 *
 *     00000124.sha256   the seal
 *     00000124.sig      its signature
 *     00000124.tsr      its time stamp, if it has one
 *     .lock             held by the process that seals
 *     .pending.sha256, .pending.sig   a seal before it is published
 *
 * A seal is published whole or not at all: both files are written and synced under the .pending
 * names, then the signature is renamed, then the seal.  A run that is killed between the two leaves
 * a signature without its seal, which is in .pending.sha256 and counts as published. */
#ifndef SEAL_DIR_H
#define SEAL_DIR_H

#include "seal/seal_file.h"

#define SEAL_PENDING           ".pending.sha256"
#define SEAL_PENDING_SIGNATURE ".pending.sig"

struct seal_dir {
    const char *name;
    int fd;
    int lock; /* -1: not locked by us */
};

/* The existing files of a number. */
enum { SEAL_HAS_FILE = 1, SEAL_HAS_SIGNATURE = 2, SEAL_HAS_STAMP = 4 };
struct seal_listed {
    uint32_t number;
    unsigned has;
};

struct seal_list {
    struct seal_listed *item; /* ascending */
    size_t count, capacity;
};

/* The result of reading a file; the caller frees its bytes with free(). */
enum seal_load {
    SEAL_LOADED,
    SEAL_ABSENT,
    SEAL_NOT_A_FILE, /* a link, a directory, or a file larger than a seal can be */
    SEAL_UNREADABLE,
};

/* Opens the directory, which must exist.  False with a reason, and errno set. */
bool seal_dir_open(struct seal_dir *dir, const char *name, struct reason *reason);
void seal_dir_close(struct seal_dir *dir);

/* Takes the lock.  False with a reason: another process has it, and which one, or an error. */
bool seal_dir_lock(struct seal_dir *dir, struct reason *reason);

/* Lists the directory.  `stray` is called for each name that ends in .sha256, .sig or .tsr and is
 * not a seal's; it may be NULL.  False with a reason. */
bool seal_dir_list(const struct seal_dir *dir, struct seal_list *list,
                   void (*stray)(void *context, const char *name), void *context,
                   struct reason *reason);
void seal_list_free(struct seal_list *list);

/* The newest seal's number, 0 if there is none. */
uint32_t seal_list_newest(const struct seal_list *list);

/* Reads a file of at most SEAL_MAX bytes; no link is followed.  Unless it is loaded or absent, the
 * reason names it. */
enum seal_load seal_dir_load(const struct seal_dir *dir, const char *name, struct span *bytes,
                             struct reason *reason);

/* Writes the newest seal's digest and name, as a line of sha256sum; *len without a NUL.  False with
 * a reason: there is none, or it cannot be read. */
bool seal_dir_head(const struct seal_dir *dir, char line[SEAL_LINE_MAX], size_t *len,
                   struct reason *reason);

/* Publishes a seal and its signature.  False with a reason: it was not published. */
bool seal_dir_publish(const struct seal_dir *dir, uint32_t number, struct span seal,
                      struct span signature, struct reason *reason);

/* Only the last step, for a run that was killed before it: renames the signature (`signature`: it
 * still has its .pending name), then the seal. */
bool seal_dir_place(const struct seal_dir *dir, uint32_t number, bool signature,
                    struct reason *reason);

/* Removes the leftovers of a killed run for a seal of that number, which does not exist. */
bool seal_dir_discard(const struct seal_dir *dir, uint32_t number, struct reason *reason);

/* Writes a complete file, under another name first; an existing file is replaced.  False with a
 * reason. */
bool seal_dir_put(const struct seal_dir *dir, const char *name, struct span bytes,
                  struct reason *reason);

#endif
