#include "config.h"

#include "base/thread.h"
#include "seal/verify.h"
#include "seal/verify_entry.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    MISSING_EACH = 1000,      /* consecutive missing seals that are reported one by one */
    CLOCK_TOLERANCE = 300000, /* milliseconds between our clock and a time stamp authority's */
};

/* Writes a finding about a seal. */
static void tell(struct verify *v, enum finding_kind kind, uint32_t number, const char *suffix,
                 const char *detail)
{
    char name[SEAL_NAME_MAX];
    seal_name(number, suffix, name);
    struct finding finding = {
        .kind = kind, .subject = span_of(name), .seal = number, .detail = detail};
    v->findings++;
    finding_write(v->out, &finding, v->json);
}

static void tell_stray(void *context, const char *name)
{
    struct verify *v = context;
    struct finding finding = {.kind = FINDING_STRAY,
                              .subject = span_of(name),
                              .detail = "a seal's files have a number of eight digits"};
    v->findings++;
    finding_write(v->out, &finding, v->json);
}

bool verify_begin(struct verify *v, const char *seals)
{
    struct reason reason;
    v->dir.fd = v->dir.lock = -1;
    v->entries.spill.fd = v->events.fd = -1;
    v->late = -1;
    if (!seal_dir_open(&v->dir, seals, &reason)) {
        diag_fail("%s", reason.text);
        return false;
    }
    if (entries_begin(&v->entries) && spill_begin(&v->events))
        return true;
    diag_fail("%s", strerror(ENOMEM));
    return false;
}

void verify_end(struct verify *v)
{
    seal_dir_close(&v->dir);
    entries_end(&v->entries);
    spill_end(&v->events);
    for (size_t i = 0; i < v->keys; i++)
        seal_key_free(&v->key[i].key);
    X509_STORE_free(v->trust);
    free(v->head);
}

static struct verify_key *find_key(struct verify *v, const char *fingerprint)
{
    for (size_t i = 0; i < v->keys; i++)
        if (strcmp(v->key[i].key.fingerprint, fingerprint) == 0)
            return &v->key[i];
    return NULL;
}

/* Whether the period between the two times was requested. */
static bool is_wanted(const struct verify *v, int64_t from, int64_t to)
{
    return to >= v->since && from < v->until;
}

/* Reports the seals that are missing before `number`; `next` is when the one of that number
 * begins. */
static void tell_missing(struct verify *v, uint32_t number, int64_t next)
{
    uint32_t first = v->last + 1;
    if (number <= first || !is_wanted(v, v->before > 0 ? v->before_to : INT64_MIN, next))
        return;
    if (number - first <= MISSING_EACH) {
        for (; first < number; first++)
            tell(v, FINDING_MISSING_SEAL, first, ".sha256", NULL);
    } else {
        char detail[64];
        snprintf(detail, sizeof detail, "and all after it up to %08" PRIu32, number - 1);
        tell(v, FINDING_MISSING_SEAL, first, ".sha256", detail);
    }
}

/* A seal while it is checked. */
struct examined {
    uint32_t number;
    bool stamped;          /* there is a time stamp */
    struct span bytes;     /* of its file */
    struct span signature; /* at == NULL: there is none */
    unsigned char digest[DIGEST_SIZE];
    struct seal_reader reader;
    struct verify_key *key; /* the key for its signature; NULL: it is not checked */
    pthread_t thread[2];    /* the threads that check and digest it, while the entries are read */
    unsigned threads;
    enum seal_signature verdict;                /* the result */
    char bad_entry[sizeof(struct reason) + 32]; /* the error of an entry; "": none */
    bool breaks_chain;                          /* the previous seal has other bytes than it says */
};

static void *verify_signature(void *context)
{
    struct examined *e = context;
    e->verdict = seal_key_verify(&e->key->key, e->bytes, e->signature);
    return NULL;
}

static void *digest_seal(void *context)
{
    struct examined *e = context;
    digest_sha256(e->bytes, e->digest);
    return NULL;
}

/* Runs the check in a thread, or at once. */
static void begin(struct examined *e, void *(*check)(void *context))
{
    enum { WORTH_IT = 64 * 1024 }; /* bytes that take longer than starting a thread */
    if (e->bytes.len >= WORTH_IT && thread_start(&e->thread[e->threads], check, e) == 0)
        e->threads++;
    else
        check(e);
}

/* Begins the checks that take long and need only the seal's bytes. */
static void begin_checks(struct verify *v, struct examined *e, bool readable)
{
    if (readable && e->signature.at != NULL && (e->key = find_key(v, e->reader.head.key)) != NULL)
        begin(e, verify_signature);
    begin(e, digest_seal);
}

static void end_checks(struct examined *e)
{
    while (e->threads > 0)
        pthread_join(e->thread[--e->threads], NULL);
}

/* False after a message: the result is not known. */
static bool tell_signature(struct verify *v, const struct examined *e)
{
    if (e->signature.at == NULL) {
        tell(v, FINDING_BAD_SIGNATURE, e->number, ".sig", "there is no signature");
    } else if (e->key == NULL) {
        char detail[128];
        snprintf(detail, sizeof detail, "no --key has the fingerprint %s", e->reader.head.key);
        tell(v, FINDING_UNKNOWN_KEY, e->number, ".sha256", detail);
    } else if (e->verdict == SEAL_SIGNATURE_UNKNOWN) {
        diag_fail("%s/%08" PRIu32 ".sig: %s", v->dir.name, e->number, strerror(ENOMEM));
        return false;
    } else if (e->verdict == SEAL_SIGNATURE_BAD) {
        tell(v, FINDING_BAD_SIGNATURE, e->number, ".sig",
             "it is not the key's signature of this seal");
    } else {
        e->key->seals++;
    }
    return true;
}

/* Checks that the seal follows the one before it in time. */
static void check_time(struct verify *v, const struct examined *e)
{
    const struct seal_head *head = &e->reader.head;
    char detail[160], from[SEAL_TIME_TEXT], to[SEAL_TIME_TEXT];
    if (v->before > 0 && v->before == e->number - 1 && head->from != v->before_to)
        tell(v, FINDING_CHAIN_BROKEN, e->number, ".sha256",
             "it does not begin when the seal before it ends");
    if (head->to - head->from <= head->every * 1500)
        return;
    seal_time_write(head->from, from);
    seal_time_write(head->to, to);
    snprintf(detail, sizeof detail,
             "no seal was made from %.*s to %.*s; one was due every %" PRId64 " s", SEAL_TIME_TEXT,
             from, SEAL_TIME_TEXT, to, head->every);
    tell(v, FINDING_GAP, e->number, ".sha256", detail);
}

/* False after a message. */
static bool check_stamp(struct verify *v, const struct examined *e)
{
    char name[SEAL_NAME_MAX];
    struct span stamp;
    struct reason reason;
    int64_t at;
    if (!e->stamped) {
        if (v->trust != NULL)
            tell(v, FINDING_NOT_STAMPED, e->number, ".sha256", "it has no time stamp");
        return true;
    }
    seal_name(e->number, ".tsr", name);
    switch (seal_dir_load(&v->dir, name, &stamp, &reason)) {
    case SEAL_LOADED:
        break;
    case SEAL_ABSENT: /* gone since the directory was listed */
    case SEAL_NOT_A_FILE:
        tell(v, FINDING_BAD_STAMP, e->number, ".tsr", "it is not a file");
        return true;
    case SEAL_UNREADABLE:
        diag_fail("%s", reason.text);
        return false;
    }
    v->stamps++;
    if (stamp_check(stamp, e->digest, v->trust, &at, &reason) != STAMP_GOOD) {
        tell(v, FINDING_BAD_STAMP, e->number, ".tsr", reason.text);
    } else if (at < e->reader.head.to - CLOCK_TOLERANCE) {
        tell(v, FINDING_BAD_STAMP, e->number, ".tsr", "it is older than the seal says it is");
    } else {
        v->stamps_checked += v->trust != NULL;
        if (at - e->reader.head.to > v->late)
            v->late = at > e->reader.head.to ? at - e->reader.head.to : 0;
    }
    free((char *)stamp.at);
    return true;
}

enum { SOME = 8 };

/* Reads up to SOME events and removals; *item is the item after them if there are fewer. */
static size_t read_some(struct verify *v, struct examined *e, struct seal_entry *entry,
                        enum seal_item *item)
{
    size_t count = 0;
    while (count < SOME && (*item = seal_next(&e->reader, &entry[count])) < SEAL_END) {
        if (*item == SEAL_PREVIOUS) {
            e->breaks_chain = v->before == e->number - 1 &&
                              memcmp(v->before_digest, entry[count].digest, DIGEST_SIZE) != 0;
            continue;
        }
        v->sealed += *item == SEAL_EVENT;
        v->removals += *item == SEAL_REMOVED;
        if (v->with_archive)
            entries_expect(&v->entries, (struct span){entry[count].path, entry[count].path_len});
        count++;
    }
    return count;
}

/* Reads and notes the entries, a few at a time; their slots in the index are prefetched meanwhile.
 * False: v->entries.spill.reason. */
static bool read_entries(struct verify *v, struct examined *e, bool wanted)
{
    struct seal_entry entry[SOME];
    enum seal_item item = SEAL_EVENT;
    bool good = true;
    while (good && item < SEAL_END) {
        size_t count = read_some(v, e, entry, &item);
        for (size_t i = 0; i < count && v->with_archive && good; i++)
            good = entries_add_sealed(&v->entries, &entry[i], e->number, wanted);
    }
    if (item == SEAL_BAD)
        snprintf(e->bad_entry, sizeof e->bad_entry, "line %zu: %s", e->reader.line,
                 e->reader.reason.text);
    return good;
}

static void tell_entries(struct verify *v, const struct examined *e)
{
    if (e->breaks_chain)
        tell(v, FINDING_CHAIN_BROKEN, e->number, ".sha256",
             "the seal before it has other bytes than it says");
    if (e->bad_entry[0] != '\0')
        tell(v, FINDING_BAD_SEAL, e->number, ".sha256", e->bad_entry);
}

/* Compares the seal with the saved heads. */
static void check_heads(struct verify *v, const struct examined *e)
{
    for (size_t i = 0; i < v->heads; i++) {
        struct verify_head *head = &v->head[i];
        if (head->number != e->number)
            continue;
        head->seen = true;
        if (memcmp(head->digest, e->digest, DIGEST_SIZE) != 0)
            tell(v, FINDING_HEAD, e->number, ".sha256",
                 "it is not the seal of the head that was kept");
    }
}

/* False: `detail` says what it is instead. */
static bool is_of_log(struct verify *v, const struct examined *e, char *detail, size_t size)
{
    const struct seal_head *head = &e->reader.head;
    if (v->log[0] == '\0')
        memcpy(v->log, head->log, sizeof v->log);
    if (head->number != e->number)
        snprintf(detail, size, "it is the seal with the number %" PRIu32, head->number);
    else if (strcmp(v->log, head->log) != 0)
        snprintf(detail, size, "it belongs to the log %s, not %s", head->log, v->log);
    else
        return true;
    return false;
}

/* Reports why a seal is not one of the log, if it is not. */
static bool is_of_use(struct verify *v, const struct examined *e, bool readable, char *detail,
                      size_t size)
{
    if (readable)
        return is_of_log(v, e, detail, size);
    snprintf(detail, size, "line %zu: %s", e->reader.line, e->reader.reason.text);
    return false;
}

/* Reports the findings about a seal of the log.  False after a message. */
static bool tell_seal(struct verify *v, const struct examined *e)
{
    const struct seal_head *head = &e->reader.head;
    if (!tell_signature(v, e))
        return false;
    check_time(v, e);
    if (!check_stamp(v, e))
        return false;
    tell_entries(v, e);
    if (v->first_number == 0) {
        v->first_number = e->number;
        v->from = head->from;
    }
    v->to = head->to;
    v->before = e->number;
    v->before_to = head->to;
    memcpy(v->before_digest, e->digest, DIGEST_SIZE);
    return true;
}

/* Checks a seal whose bytes were read.  False after a message. */
static bool check_seal(struct verify *v, struct examined *e)
{
    char detail[sizeof e->reader.reason + 2 * SEAL_LOG_MAX];
    bool readable = seal_read(&e->reader, e->bytes);
    begin_checks(v, e, readable);
    bool useful = is_of_use(v, e, readable, detail, sizeof detail);
    bool wanted = useful && is_wanted(v, e->reader.head.from, e->reader.head.to);
    bool good = !useful || read_entries(v, e, wanted);
    end_checks(e);
    if (useful && v->with_archive)
        good = good && entries_add_seal(&v->entries, e->number, wanted, e->digest);
    tell_missing(v, e->number, readable ? e->reader.head.from : INT64_MAX);
    v->last = e->number;
    check_heads(v, e);
    v->seals++;
    v->newest = e->number;
    memcpy(v->newest_digest, e->digest, DIGEST_SIZE);
    if (useful && good)
        return tell_seal(v, e);
    if (good) {
        tell(v, FINDING_BAD_SEAL, e->number, ".sha256", detail);
        v->before = 0;
    } else {
        diag_fail("%s", v->entries.spill.reason.text);
    }
    return good;
}

/* Loads a seal that was about to be published when its run was killed, or is being published now:
 * its signature has its final name, and the seal is in .pending.sha256.  False: there is no such
 * seal. */
static bool load_unfinished(struct verify *v, struct examined *e)
{
    char name[SEAL_NAME_MAX];
    struct reason reason;
    seal_name(e->number, ".sha256", name);
    /* It may have been published since the directory was listed. */
    if (seal_dir_load(&v->dir, SEAL_PENDING, &e->bytes, &reason) != SEAL_LOADED)
        return seal_dir_load(&v->dir, name, &e->bytes, &reason) == SEAL_LOADED;
    struct verify_key *key;
    if (seal_read(&e->reader, e->bytes) && e->reader.head.number == e->number &&
        (key = find_key(v, e->reader.head.key)) != NULL && e->signature.at != NULL &&
        seal_key_verify(&key->key, e->bytes, e->signature) == SEAL_SIGNATURE_GOOD)
        return true;
    free((char *)e->bytes.at);
    e->bytes.at = NULL;
    return false;
}

/* Loads the seal and its signature.  True: *good says whether there is something to check; errors
 * were reported.  False after a message. */
static bool load(struct verify *v, const struct seal_listed *item, struct examined *e, bool *good)
{
    char name[SEAL_NAME_MAX];
    struct reason reason;
    enum seal_load loaded = SEAL_ABSENT;
    *good = false;
    if (item->has & SEAL_HAS_SIGNATURE) {
        seal_name(item->number, ".sig", name);
        loaded = seal_dir_load(&v->dir, name, &e->signature, &reason);
    }
    if (loaded != SEAL_UNREADABLE) {
        seal_name(item->number, ".sha256", name);
        loaded = item->has & SEAL_HAS_FILE ? seal_dir_load(&v->dir, name, &e->bytes, &reason)
                                           : SEAL_ABSENT;
    }
    if (loaded == SEAL_ABSENT && item->has == SEAL_HAS_SIGNATURE && load_unfinished(v, e))
        loaded = SEAL_LOADED;
    switch (loaded) {
    case SEAL_LOADED:
        *good = true;
        return true;
    case SEAL_ABSENT:
        tell_missing(v, item->number, INT64_MAX);
        tell(v, FINDING_MISSING_SEAL, item->number, ".sha256",
             item->has & SEAL_HAS_SIGNATURE ? "its signature is there" : "its time stamp is there");
        break;
    case SEAL_NOT_A_FILE:
        tell_missing(v, item->number, INT64_MAX);
        tell(v, FINDING_BAD_SEAL, item->number, ".sha256", "it is not a file");
        break;
    case SEAL_UNREADABLE:
        diag_fail("%s", reason.text);
        return false;
    }
    v->last = item->number;
    v->before = 0;
    return true;
}

static bool check_item(struct verify *v, const struct seal_listed *item)
{
    struct examined e = {.number = item->number, .stamped = item->has & SEAL_HAS_STAMP};
    bool good;
    bool going = load(v, item, &e, &good);
    if (going && good)
        going = check_seal(v, &e);
    free((char *)e.bytes.at);
    free((char *)e.signature.at);
    return going;
}

/* Reports heads of missing seals. */
static void tell_heads(struct verify *v)
{
    for (size_t i = 0; i < v->heads; i++) {
        const struct verify_head *head = &v->head[i];
        char detail[2 * SEAL_LOG_MAX + 64];
        if (v->log[0] != '\0' && strcmp(head->log, v->log) != 0) {
            snprintf(detail, sizeof detail, "the head that was kept belongs to the log %s",
                     head->log);
            tell(v, FINDING_HEAD, head->number, ".sha256", detail);
        } else if (!head->seen) {
            tell(v, FINDING_HEAD, head->number, ".sha256",
                 head->number > v->newest
                     ? "its head was kept and it is not there: the newest seals were cut off"
                     : "its head was kept and it is not there");
        }
    }
}

bool verify_chain(struct verify *v)
{
    struct seal_list list;
    struct reason reason;
    if (!seal_dir_list(&v->dir, &list, tell_stray, v, &reason)) {
        diag_fail("%s", reason.text);
        return false;
    }
    bool going = true;
    for (size_t i = 0; i < list.count && going; i++)
        going = check_item(v, &list.item[i]) && v->out->error == 0;
    if (list.count == 0)
        tell(v, FINDING_MISSING_SEAL, 1, ".sha256", "there are no seals");
    seal_list_free(&list);
    if (going)
        tell_heads(v);
    return going;
}
