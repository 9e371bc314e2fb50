/* seal_file: the text of a seal, written and read.
 *
 * A seal is a file that sha256sum(1) can check; lines that are not entries are comments to it:
 *
 *     # audit-seal 1
 *     # log acme
 *     # number 124
 *     # from 2026-11-27T17:00:00.000Z
 *     # to 2026-11-27T18:00:00.000Z
 *     # every 3600
 *     # key 4c1f…                                 (fingerprint of the key that signs it)
 *     # events 1
 *     # removals 1
 *     9f86…  acme/00000123.sha256                 (the seal before it; not in the first one)
 *     2c26…  5234/jobs/…-succeeded.json           (an event: its path and its bytes' SHA-256)
 *     # removed 5234/jobs/…-failed.json           (a file that was deleted on purpose)
 *
 * The reader accepts exactly what the writer writes, and nothing else. */
#ifndef SEAL_FILE_H
#define SEAL_FILE_H

#include "base/digest.h"
#include "seal/seal_path.h"

#include <stdint.h>

enum {
    SEAL_LOG_MAX = 64,          /* bytes of a log's name */
    SEAL_NUMBER_MAX = 99999999, /* the number in its file name has eight digits */
    SEAL_HEAD_MAX = 1024,       /* bytes of the first nine lines */
    SEAL_LINE_MAX = 1 + DIGEST_HEX + 2 + SEAL_PATH_ESCAPED + 1, /* bytes of any other line */
    SEAL_MAX = 16 << 20,                                        /* bytes of the largest seal */
    SEAL_TIME_TEXT = 24,                                        /* 2026-11-27T17:00:00.000Z */
    SEAL_NAME_MAX = 16,                                         /* 00000124.sha256 and a NUL */
};

struct seal_head {
    char log[SEAL_LOG_MAX + 1];
    uint32_t number;  /* from 1 */
    int64_t from, to; /* milliseconds since 1970-01-01T00:00:00Z */
    int64_t every;    /* --every, seconds */
    char key[DIGEST_HEX + 1];
    uint64_t events, removals; /* lines of each kind */
};

enum seal_item {
    SEAL_PREVIOUS, /* the seal before this one: its digest */
    SEAL_EVENT,    /* an event: its path and digest */
    SEAL_REMOVED,  /* a path that was removed */
    SEAL_END,
    SEAL_BAD, /* the line is not one of a seal: the reader's reason */
};

struct seal_entry {
    unsigned char digest[DIGEST_SIZE];
    char path[SEAL_PATH_MAX];
    size_t path_len;
    bool removed; /* it is a removal, without a digest */
};

struct seal_reader {
    struct seal_head head;
    const char *at, *end;
    size_t line; /* the last line read, from 1 */
    bool previous_read;
    uint64_t events, removals; /* read so far */
    struct reason reason;
};

/* Whether the bytes may be a log's name: [A-Za-z0-9][A-Za-z0-9._-]*, at most SEAL_LOG_MAX. */
bool seal_log_valid(struct span name);

/* Whether the path is in the directory of the log's seals, under the name that entries use for
 * it. */
bool seal_log_holds(const char *log, struct span path);

/* Writes the time, SEAL_TIME_TEXT characters without a NUL. */
void seal_time_write(int64_t milliseconds, char text[SEAL_TIME_TEXT]);

/* Writes "00000124" and the suffix (".sha256"), with a NUL; the suffix has at most 7 characters. */
void seal_name(uint32_t number, const char *suffix, char name[SEAL_NAME_MAX]);

/* Each of these writes a part of a seal, without a NUL, and returns its length. */
size_t seal_head_write(const struct seal_head *head, char text[SEAL_HEAD_MAX]);
size_t seal_entry_write(const unsigned char digest[DIGEST_SIZE], struct span path,
                        char text[SEAL_LINE_MAX]);
size_t seal_removed_write(struct span path, char text[SEAL_LINE_MAX]);
size_t seal_previous_write(const unsigned char digest[DIGEST_SIZE], const char *log,
                           uint32_t number, char text[SEAL_LINE_MAX]);

/* Begins to read a seal: its first lines.  The bytes must stay valid.  False: reader->reason, at
 * reader->line. */
bool seal_read(struct seal_reader *reader, struct span bytes);

/* The next item.  SEAL_END only after as many items as the first lines say. */
enum seal_item seal_next(struct seal_reader *reader, struct seal_entry *entry);

/* Parses one line, without its newline, in the format of sha256sum; the path is not checked.  False
 * with a reason. */
bool seal_entry_read(struct span line, struct seal_entry *entry, struct reason *reason);

/* Reads "LOG/00000124.sha256".  False: it is something else. */
bool seal_name_read(struct span path, char log[SEAL_LOG_MAX + 1], uint32_t *number);

/* Reads "00000124" and the suffix.  False: the name is something else. */
bool seal_number_read(struct span name, const char *suffix, uint32_t *number);

#endif
