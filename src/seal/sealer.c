#include "config.h"

#include "base/digest.h"
#include "base/options.h"
#include "base/thread.h"
#include "seal/sealer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

/* Before the lines: the first nine, and the entry of the previous seal. */
enum { RESERVED = SEAL_HEAD_MAX + SEAL_LINE_MAX };

int64_t sealer_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec < 0 ? 0 : (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The directory's own name, without the path to it. */
static struct span base_name(const char *directory)
{
    struct span name = span_of(directory);
    while (name.len > 1 && span_end(name)[-1] == '/')
        name.len--;
    for (size_t i = name.len; i > 0; i--)
        if (name.at[i - 1] == '/')
            return span_between(name.at + i, span_end(name));
    return name;
}

static bool set_log(struct sealer *sealer, const char *log, struct reason *reason)
{
    struct span name = log != NULL ? span_of(log) : base_name(sealer->dir.name);
    struct printable shown;
    if (!seal_log_valid(name))
        return reason_set(reason,
                          "'%s' cannot be the name of a log: letters, digits, '.', '_' and '-', at "
                          "most %d; --log=NAME gives another",
                          diag_printable(name, &shown), SEAL_LOG_MAX);
    memcpy(sealer->head.log, name.at, name.len);
    return true;
}

/* Reads a whole seal.  False: it is not one; the reason names its file. */
static bool read_seal(const struct seal_dir *dir, const char *name, struct span bytes,
                      struct seal_head *head, unsigned char previous[DIGEST_SIZE],
                      struct reason *reason)
{
    struct seal_reader reader;
    struct seal_entry entry;
    enum seal_item item = SEAL_BAD;
    if (seal_read(&reader, bytes))
        while ((item = seal_next(&reader, &entry)) < SEAL_END)
            if (item == SEAL_PREVIOUS)
                memcpy(previous, entry.digest, DIGEST_SIZE);
    *head = reader.head;
    return item == SEAL_END ||
           reason_set(reason, "%s/%s:%zu: %s", dir->name, name, reader.line, reader.reason.text);
}

/* Checks the signature in the file `name`, which must be our key's.  Unknown: with a reason. */
static enum seal_signature check_signature(const struct sealer *sealer, const char *name,
                                           struct span seal, struct reason *reason)
{
    struct span signature;
    enum seal_signature verdict;
    switch (seal_dir_load(&sealer->dir, name, &signature, reason)) {
    case SEAL_LOADED:
        verdict = seal_key_verify(sealer->key, seal, signature);
        if (verdict == SEAL_SIGNATURE_UNKNOWN)
            reason_set(reason, "%s/%s: %s", sealer->dir.name, name, strerror(ENOMEM));
        free((char *)signature.at);
        return verdict;
    case SEAL_UNREADABLE:
        return SEAL_SIGNATURE_UNKNOWN;
    default:
        return SEAL_SIGNATURE_BAD;
    }
}

/* Makes the newest seal the previous one of the next.  False with a reason. */
static bool follow(struct sealer *sealer, uint32_t number, const char *log, struct reason *reason)
{
    char name[SEAL_NAME_MAX];
    struct span seal;
    struct seal_head head;
    unsigned char before[DIGEST_SIZE];
    enum seal_signature verdict = SEAL_SIGNATURE_GOOD;
    struct reason why;
    seal_name(number, ".sha256", name);
    if (seal_dir_load(&sealer->dir, name, &seal, &why) != SEAL_LOADED)
        return reason_set(reason, "%s", why.text);
    bool good = read_seal(&sealer->dir, name, seal, &head, before, &why);
    if (good && head.number != number)
        good =
            reason_set(&why, "%s/%s: its number is %" PRIu32, sealer->dir.name, name, head.number);
    seal_name(number, ".sig", name);
    if (good && strcmp(head.key, sealer->key->fingerprint) == 0)
        verdict = check_signature(sealer, name, seal, reason);
    if (verdict == SEAL_SIGNATURE_BAD)
        good = reason_set(&why, "%s/%s: not the signature of its seal", sealer->dir.name, name);
    if (good)
        digest_sha256(seal, sealer->previous);
    free((char *)seal.at);
    if (verdict == SEAL_SIGNATURE_UNKNOWN)
        return false;
    if (!good)
        return reason_set(reason, "%s; the newest seal is damaged, see audit-verify(1)", why.text);
    if (log != NULL && strcmp(log, head.log) != 0)
        return reason_set(reason, "--log=%s: the seals in %s are of the log %s", log,
                          sealer->dir.name, head.log);
    memcpy(sealer->head.log, head.log, sizeof head.log);
    sealer->head.from = head.to;
    return true;
}

/* *next: whether the seal in .pending.sha256 is the one after `newest`, complete and signed; a
 * signature that has its final name already, by another key, is not checked.  False with a reason:
 * the result is not known. */
static bool check_pending(const struct sealer *sealer, uint32_t newest, bool placed, bool *next,
                          struct reason *reason)
{
    char name[SEAL_NAME_MAX] = SEAL_PENDING_SIGNATURE;
    struct span seal;
    struct seal_head head;
    unsigned char before[DIGEST_SIZE];
    enum seal_signature verdict = SEAL_SIGNATURE_BAD;
    struct reason ignored;
    *next = false;
    if (placed)
        seal_name(newest + 1, ".sig", name);
    enum seal_load loaded = seal_dir_load(&sealer->dir, SEAL_PENDING, &seal, reason);
    if (loaded != SEAL_LOADED)
        return loaded != SEAL_UNREADABLE;
    if (read_seal(&sealer->dir, SEAL_PENDING, seal, &head, before, &ignored) &&
        head.number == newest + 1 && strcmp(head.log, sealer->head.log) == 0 &&
        (newest == 0 || memcmp(before, sealer->previous, DIGEST_SIZE) == 0)) {
        if (strcmp(head.key, sealer->key->fingerprint) == 0)
            verdict = check_signature(sealer, name, seal, reason);
        else if (placed)
            verdict = SEAL_SIGNATURE_GOOD;
    }
    free((char *)seal.at);
    *next = verdict == SEAL_SIGNATURE_GOOD;
    return verdict != SEAL_SIGNATURE_UNKNOWN;
}

/* Finishes the work of a killed run.  *newest is then the newest seal's number.  False with a
 * reason. */
static bool recover(struct sealer *sealer, const struct seal_list *list, uint32_t *newest,
                    const char *log, struct reason *reason)
{
    char name[SEAL_NAME_MAX];
    bool placed = false, next = false;
    for (size_t i = list->count; i > 0 && list->item[i - 1].number > *newest; i--) {
        const struct seal_listed *item = &list->item[i - 1];
        placed = item->number == *newest + 1 && item->has == SEAL_HAS_SIGNATURE;
        if (placed && !check_pending(sealer, *newest, true, &next, reason))
            return false;
        if (placed && next)
            continue;
        seal_name(item->number, item->has & SEAL_HAS_SIGNATURE ? ".sig" : ".tsr", name);
        return reason_set(reason, "%s/%s: its seal is missing, see audit-verify(1)",
                          sealer->dir.name, name);
    }
    if (!placed && !check_pending(sealer, *newest, false, &next, reason))
        return false;
    if (!next)
        return seal_dir_discard(&sealer->dir, *newest + 1, reason);
    if (!seal_dir_place(&sealer->dir, *newest + 1, !placed, reason))
        return false;
    ++*newest;
    return follow(sealer, *newest, log, reason);
}

/* Opens the seal after `number`. */
static bool open_next(struct sealer *sealer, uint32_t number, struct reason *reason)
{
    if (number >= SEAL_NUMBER_MAX)
        return reason_set(reason,
                          "%s: it has the largest possible number of seals; begin a new log",
                          sealer->dir.name);
    sealer->head.number = number + 1;
    sealer->head.events = sealer->head.removals = 0;
    sealer->used = 0;
    return true;
}

static bool begin_log(struct sealer *sealer, const char *log, struct reason *reason)
{
    struct seal_list list;
    if (!seal_dir_list(&sealer->dir, &list, NULL, NULL, reason))
        return false;
    uint32_t newest = seal_list_newest(&list);
    bool good = (newest > 0 ? follow(sealer, newest, log, reason) : set_log(sealer, log, reason)) &&
                recover(sealer, &list, &newest, log, reason) && open_next(sealer, newest, reason);
    seal_list_free(&list);
    return good;
}

bool sealer_begin(struct sealer *sealer, const char *directory, const struct seal_key *key,
                  const struct sealer_options *options, struct reason *reason)
{
    sealer->key = key;
    sealer->head.every = options->every;
    sealer->head.from = sealer->opened = sealer_now();
    memcpy(sealer->head.key, key->fingerprint, sizeof sealer->head.key);
    if (!seal_dir_open(&sealer->dir, directory, reason)) {
        if (errno == ENOENT)
            reason_append(reason, SPAN("; make it first, with mkdir"));
        reason_append(reason, span_of(options_directory_hint(errno)));
        return false;
    }
    if (seal_dir_lock(&sealer->dir, reason) && begin_log(sealer, options->log, reason)) {
        pthread_mutex_init(&sealer->lock, NULL);
        pthread_cond_init(&sealer->turned, NULL);
        sealer->turn = sealer->head.number;
        return true;
    }
    sealer_end(sealer);
    return false;
}

bool sealer_check(const struct sealer *sealer, struct span path, struct reason *reason)
{
    if (!seal_path_check(path, reason))
        return false;
    if (seal_log_holds(sealer->head.log, path))
        return reason_set(reason, "the path is in the directory of the seals (%s/)",
                          sealer->head.log);
    return true;
}

int64_t sealer_due(const struct sealer *sealer)
{
    return sealer->opened + sealer->head.every * 1000;
}

/* Puts the first lines before the others, which completes the seal. */
static struct span assemble(struct sealer *sealer)
{
    char first[RESERVED];
    size_t len = seal_head_write(&sealer->head, first);
    if (sealer->head.number > 1)
        len += seal_previous_write(sealer->previous, sealer->head.log, sealer->head.number - 1,
                                   first + len);
    char *seal = sealer->buffer + RESERVED - len;
    memcpy(seal, first, len);
    return (struct span){seal, len + sealer->used};
}

/* Waits until all seals before that one are published.  False: one could not be. */
static bool await_turn(struct sealer *sealer, uint32_t number)
{
    pthread_mutex_lock(&sealer->lock);
    while (sealer->turn != number)
        pthread_cond_wait(&sealer->turned, &sealer->lock);
    bool lost = sealer->lost;
    pthread_mutex_unlock(&sealer->lock);
    return !lost;
}

static void end_turn(struct sealer *sealer, bool good)
{
    pthread_mutex_lock(&sealer->lock);
    sealer->turn++;
    sealer->lost = !good;
    pthread_cond_broadcast(&sealer->turned);
    pthread_mutex_unlock(&sealer->lock);
}

/* Signs the seal, and publishes it after those before it. */
static void *publish(void *context)
{
    struct publication *p = context;
    struct sealer *sealer = p->sealer;
    unsigned char signature[SEAL_SIGNATURE_MAX];
    size_t len;
    bool good = seal_key_sign(sealer->key, p->seal, signature, &len, &p->reason);
    good = await_turn(sealer, p->head.number) && good &&
           seal_dir_publish(&sealer->dir, p->head.number, p->seal,
                            (struct span){(char *)signature, len}, &p->reason);
    end_turn(sealer, good);
    p->good = good;
    return NULL;
}

/* Removes the oldest publication from the ring once it has ended. */
static struct publication *end_publication(struct sealer *sealer)
{
    struct publication *p = &sealer->publication[sealer->first];
    if (p->threaded)
        pthread_join(p->thread, NULL);
    sealer->first = (sealer->first + 1) % SEALER_PENDING;
    sealer->pending--;
    return p;
}

/* Waits until no more than `rest` of the closed seals are under way; if one could not be published,
 * until none is.  False with the reason of that one. */
static bool await_publications(struct sealer *sealer, size_t rest, struct reason *reason)
{
    bool good = true;
    while (sealer->pending > (good ? rest : 0)) {
        const struct publication *p = end_publication(sealer);
        if (p->good) {
            sealer->events += p->head.events;
            sealer->removals += p->head.removals;
            sealer->seals++;
            if (sealer->published != NULL)
                sealer->published(sealer->context, p->head.number, p->digest);
            continue;
        }
        if (good)
            *reason = p->reason;
        good = false;
        sealer->failed = true;
        sealer->head.events += p->head.events;
        sealer->head.removals += p->head.removals;
    }
    return good;
}

bool sealer_wait(struct sealer *sealer, struct reason *reason)
{
    return await_publications(sealer, 0, reason);
}

/* Makes room for the first lines if the open seal has none yet. */
static bool get_buffer(struct sealer *sealer, struct reason *reason)
{
    enum { LEAST = 64 * 1024 };
    if (sealer->buffer == NULL && (sealer->buffer = malloc(LEAST)) != NULL)
        sealer->capacity = LEAST;
    return sealer->buffer != NULL || reason_set(reason, "%s", strerror(ENOMEM));
}

/* Starts to publish the open seal; its memory is exchanged for that of an earlier one. */
static void start_publication(struct sealer *sealer)
{
    size_t last = (sealer->first + sealer->pending) % SEALER_PENDING;
    struct publication *p = &sealer->publication[last], before = *p;
    *p = (struct publication){.sealer = sealer,
                              .head = sealer->head,
                              .buffer = sealer->buffer,
                              .capacity = sealer->capacity,
                              .seal = assemble(sealer)};
    digest_sha256(p->seal, p->digest);
    memcpy(sealer->previous, p->digest, DIGEST_SIZE);
    sealer->buffer = before.buffer;
    sealer->capacity = before.capacity;
    sealer->head.from = sealer->opened = sealer->head.to;
    sealer->pending++;
    p->threaded = thread_start(&p->thread, publish, p) == 0;
    if (!p->threaded)
        publish(p);
}

/* Closes the open seal and opens the next one, once there is room for its publication.  False with
 * a reason: an earlier seal could not be published, or there is no memory. */
static bool close_seal(struct sealer *sealer, struct reason *reason)
{
    if (!await_publications(sealer, SEALER_PENDING - 1, reason))
        return false;
    if (!get_buffer(sealer, reason)) {
        sealer->failed = true;
        return false;
    }
    sealer->head.to = sealer_now();
    if (sealer->head.to < sealer->head.from) {
        diag_warn("the clock is %" PRId64
                  " s behind the end of the seal before; the seal ends at that time instead",
                  (sealer->head.from - sealer->head.to + 999) / 1000);
        sealer->head.to = sealer->head.from;
    }
    start_publication(sealer);
    sealer->failed = !open_next(sealer, sealer->head.number, reason);
    return !sealer->failed;
}

/* Makes room for one more line; NULL with a reason. */
static char *make_room(struct sealer *sealer, struct reason *reason)
{
    if (sealer->used + SEAL_LINE_MAX > SEALER_LINES && !close_seal(sealer, reason))
        return NULL;
    size_t need = RESERVED + sealer->used + SEAL_LINE_MAX;
    if (need > sealer->capacity) {
        size_t capacity = sealer->capacity > 0 ? 2 * sealer->capacity : 64 * 1024;
        if (capacity > RESERVED + SEALER_LINES)
            capacity = RESERVED + SEALER_LINES;
        char *buffer = realloc(sealer->buffer, capacity);
        if (buffer == NULL) {
            reason_set(reason, "%s", strerror(ENOMEM));
            return NULL;
        }
        sealer->buffer = buffer;
        sealer->capacity = capacity;
    }
    return sealer->buffer + RESERVED + sealer->used;
}

bool sealer_add(struct sealer *sealer, struct span line, struct reason *reason)
{
    char *to = make_room(sealer, reason);
    if (to == NULL)
        return false;
    memcpy(to, line.at, line.len);
    sealer->used += line.len;
    sealer->head.events++;
    return true;
}

bool sealer_remove(struct sealer *sealer, struct span path, struct reason *reason)
{
    char *line = make_room(sealer, reason);
    if (line == NULL)
        return false;
    sealer->used += seal_removed_write(path, line);
    sealer->head.removals++;
    return true;
}

bool sealer_close(struct sealer *sealer, struct reason *reason)
{
    return close_seal(sealer, reason) && sealer_wait(sealer, reason);
}

void sealer_end(struct sealer *sealer)
{
    while (sealer->pending > 0)
        end_publication(sealer);
    for (size_t i = 0; i < SEALER_PENDING; i++) {
        free(sealer->publication[i].buffer);
        sealer->publication[i].buffer = NULL;
    }
    seal_dir_close(&sealer->dir);
    free(sealer->buffer);
    sealer->buffer = NULL;
}
