/* verify: checks that a log is consistent, and that an archive matches it.
 *
 *     verify_begin(); verify_chain();
 *     verify_found() of each event in the archive …; verify_archive();
 *     verify_end();
 *
 * A fault is a finding, written at once; findings about events come at the end, in the order of
 * their paths.  If the result cannot be known, that is a message and STATUS_FAILED. */
#ifndef VERIFY_H
#define VERIFY_H

#include "seal/finding.h"
#include "seal/hashtree.h"
#include "seal/seal_dir.h"
#include "seal/seal_key.h"
#include "seal/seal_stamp.h"
#include "seal/verify_entry.h"

enum { VERIFY_KEYS = 64 };

struct verify_key {
    struct seal_key key;
    const char *file;
    uint64_t seals; /* that it signed */
};

/* A head that was saved elsewhere. */
struct verify_head {
    uint32_t number;
    unsigned char digest[DIGEST_SIZE];
    char log[SEAL_LOG_MAX + 1];
    bool seen; /* there is such a seal */
};

struct verify {
    /* Set by the caller. */
    struct verify_key key[VERIFY_KEYS];
    size_t keys;
    X509_STORE *trust;    /* the authorities for time stamps; NULL: none were given */
    int64_t since, until; /* milliseconds: other seals are read, but not part of the result */
    bool json;
    bool with_archive; /* entries are collected, for verify_archive() */
    struct out *out;

    struct seal_dir dir;
    struct verify_head *head;
    size_t heads;

    /* The seal before the one being checked: 0 if there is none, or it could not be read. */
    uint32_t before;
    unsigned char before_digest[DIGEST_SIZE];
    int64_t before_to;
    uint32_t last; /* the last number that was handled */
    char log[SEAL_LOG_MAX + 1];

    struct entries entries; /* sealed entries, and those of the archive */
    struct spill events;    /* findings about events */
    uint64_t order;         /* of those */

    /* For the summary. */
    uint64_t seals, sealed, removals, files, findings, stamps, stamps_checked;
    uint32_t first_number, newest;
    int64_t from, to, late; /* late: how long after its seal the latest time stamp was made */
    unsigned char newest_digest[DIGEST_SIZE];
};

/* Reads lines of `audit-seal --head`.  False after a message. */
bool verify_read_heads(struct verify *verify, const char *file);

/* Opens the directory of the seals.  False after a message. */
bool verify_begin(struct verify *verify, const char *seals);

/* Checks the seals and collects their entries.  False after a message: the result is not known. */
bool verify_chain(struct verify *verify);

/* Called by any thread, for intake and hashtree: verify_settle() says whether the event or file is
 * as it was sealed; if not, it must be passed to verify_found().  verify_expect() is called for
 * some of the paths shortly before. */
void verify_expect(void *context, struct span path);
bool verify_settle(void *context, struct span path, const unsigned char digest[DIGEST_SIZE]);

/* Notes an entry of the archive that was not settled: an event of that path, whose bytes have that
 * digest (NULL unless it is a file).  False: verify->entries.spill.reason. */
bool verify_found(struct verify *verify, struct span path, enum hashtree_kind kind,
                  const unsigned char *digest);

/* Whether an entry of the archive's directory is the directory of the seals, or a leftover of
 * audit-fileput; for hashtree. */
bool verify_skip(void *context, struct span path, const struct stat *status, int parent,
                 const char *name);

/* Compares the sealed entries with the archive.  False after a message: the result is not known. */
bool verify_archive(struct verify *verify);

/* Writes the summary. */
void verify_summary(struct verify *verify);

void verify_end(struct verify *verify);

#endif
