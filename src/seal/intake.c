#include "config.h"

#include "base/interrupt.h"
#include "base/thread.h"
#include "seal/hasher.h"
#include "seal/intake.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    THREADS = 4,
    BATCHES = 8, /* batches that are under way at once */
    BATCH_RECORDS = 512,
    GROUP = 32, /* records of a batch that are digested together: they are still cached */
    BATCH_BYTES = 512 << 10, /* so many bytes take much longer than waking a thread */
    BLOCK = 512 << 10,       /* bytes that the reader reads before it begins another block */
    WINDOW = 4 << 20,        /* bytes of records under way, exceeded by at most one record */
    LARGE = 512 << 10,       /* a record of this size is checked and digested at once */
};

struct item {
    struct record *record;
    bool good;  /* its event is digested; otherwise settle() finds the error */
    bool known; /* and nothing else needs to be done */
    unsigned char digest[DIGEST_SIZE];
    struct span line;
};

enum state { BATCH_FILLING, BATCH_WAITING, BATCH_TAKEN, BATCH_DONE };

struct batch {
    struct item item[BATCH_RECORDS];
    char lines[BATCH_RECORDS * SEAL_LINE_MAX]; /* of the items, one after the other */
    size_t count, bytes;
    enum state state;
};

/* A thread's own state. */
struct worker {
    struct json json;
    struct hasher hasher;
    bool able; /* the hasher was set up */
};

/* A large record, which is settled before all later ones.  A thread digests the bytes that must be
 * its event, while the record is checked and the next one is read. */
struct large {
    bool pending;
    struct item item;
    pthread_t thread;
    bool threaded;     /* the thread runs */
    bool apart;        /* the check parsed the record */
    struct span bytes; /* the bytes that are digested */
    bool digested;     /* the digest is in the item */
};

struct work {
    struct intake *intake;
    struct reader reader;
    struct large large;  /* comes before all batches */
    struct batch *batch; /* a ring of BATCHES */
    size_t first, count; /* those in use, in input order */
    bool filling;        /* the last one of them is */
    struct worker own;   /* the main thread's */
    pthread_t thread[THREADS];
    unsigned threads, wanted;
    pthread_mutex_t lock;      /* protects the batches' states and `ended` */
    pthread_cond_t came, done; /* a batch waits; a batch is done */
    bool ended;
    int tick; /* the last result of idle() */
};

static bool worker_begin(struct worker *worker)
{
    return worker->able = hasher_begin(&worker->hasher);
}

static void worker_end(struct worker *worker)
{
    if (worker->able)
        hasher_end(&worker->hasher);
}

/* The positions that path and event of an addressed record must have, if the record is one: the
 * event is everything between "event": and the last brace. */
static bool guess(struct span text, struct span *path, struct span *body)
{
    static const char head[] = "{\"path\":\"", middle[] = "\",\"event\":";
    const char *end = span_end(text);
    if (text.len < sizeof head || memcmp(text.at, head, sizeof head - 1) != 0)
        return false;
    const char *at = text.at + sizeof head - 1;
    while (at < end && *at != '"')
        at += *at == '\\' ? 2 : 1;
    if (at > end || (size_t)(end - at) < sizeof middle + 1 ||
        memcmp(at, middle, sizeof middle - 1) != 0 || end[-1] != '}')
        return false;
    *path = span_between(text.at + sizeof head - 1, at);
    *body = span_between(at + sizeof middle - 1, end - 1);
    return true;
}

/* Splits the record by those positions, without checking the event itself.  False: they do not
 * suffice. */
static bool split_plain(struct record *record)
{
    struct span path, body;
    if (!guess(record->text, &path, &body) || memchr(path.at, '\\', path.len) != NULL ||
        body.len < 2 || body.at[0] != '{' || span_end(body)[-1] != '}')
        return false;
    record->path = record->name = path;
    record->body = body;
    record->size = body.len;
    return true;
}

static bool check(struct json *json, struct record *record, bool unchecked, struct reason *reason)
{
    return (unchecked && split_plain(record)) || record_split(json, record, reason);
}

/* Does what follows from an event's digest; writes its line to `line`.  False with a reason. */
static bool conclude(const struct intake *intake, struct item *item, char *line,
                     struct reason *reason)
{
    struct span path = item->record->name;
    item->line = (struct span){line, 0};
    item->known = intake->known != NULL && intake->known(intake->context, path, item->digest);
    if (intake->write == NULL)
        return true;
    item->line.len = intake->write(intake->context, path, item->digest, line, reason);
    return item->line.len > 0;
}

/* Parses a record and digests its event.  False with a reason. */
static bool prepare(const struct intake *intake, struct worker *worker, struct record *record,
                    struct reason *reason)
{
    if (!check(&worker->json, record, intake->unchecked, reason))
        return false;
    if (record->path.at == NULL)
        return reason_set(reason, "the event has no path; pipe it through audit-path first");
    if (record->name.at == NULL)
        return reason_set(reason, "the path cannot be a file's name");
    if (intake->known != NULL)
        intake->expect(intake->context, record->name);
    return true;
}

/* Parses a record, digests its event and writes its line to `line`.  False with a reason. */
static bool examine(const struct intake *intake, struct worker *worker, struct item *item,
                    char *line, struct reason *reason)
{
    if (!prepare(intake, worker, item->record, reason))
        return false;
    if (!worker->able || !hasher_digest(&worker->hasher, item->record->body, item->digest))
        return reason_set(reason, "%s", strerror(ENOMEM));
    return conclude(intake, item, line, reason);
}

/* The same with up to GROUP records.  Returns the end of the lines. */
static char *examine_group(const struct intake *intake, struct worker *worker, struct item *item,
                           size_t count, char *line)
{
    struct sha256_text text[GROUP];
    struct reason ignored;
    size_t texts = 0;
    for (size_t i = 0; i < count; i++) {
        struct record *record = item[i].record;
        item[i].good =
            !record->too_long && !record->partial && prepare(intake, worker, record, &ignored);
        if (item[i].good)
            text[texts++] = (struct sha256_text){record->body, item[i].digest};
    }
    bool digested = worker->able && hasher_digest_all(&worker->hasher, text, texts);
    for (size_t i = 0; i < count; i++) {
        item[i].good = item[i].good && digested && conclude(intake, &item[i], line, &ignored);
        line += item[i].good ? item[i].line.len : 0;
    }
    return line;
}

static void examine_batch(const struct intake *intake, struct worker *worker, struct batch *batch)
{
    char *line = batch->lines;
    for (size_t i = 0; i < batch->count; i += GROUP) {
        size_t left = batch->count - i;
        line = examine_group(intake, worker, &batch->item[i], left < GROUP ? left : GROUP, line);
    }
}

/* The next waiting batch, NULL once there will be none; the lock is held. */
static struct batch *take_batch(struct work *work)
{
    for (;;) {
        for (size_t i = 0; i < work->count; i++) {
            struct batch *batch = &work->batch[(work->first + i) % BATCHES];
            if (batch->state == BATCH_WAITING) {
                batch->state = BATCH_TAKEN;
                return batch;
            }
        }
        if (work->ended)
            return NULL;
        pthread_cond_wait(&work->came, &work->lock);
    }
}

static void *examine_batches(void *context)
{
    struct work *work = context;
    struct batch *batch;
    struct worker *worker = malloc(sizeof *worker);
    if (worker == NULL)
        return NULL;
    worker_begin(worker);
    pthread_mutex_lock(&work->lock);
    while ((batch = take_batch(work)) != NULL) {
        pthread_mutex_unlock(&work->lock);
        examine_batch(work->intake, worker, batch);
        pthread_mutex_lock(&work->lock);
        batch->state = BATCH_DONE;
        pthread_cond_signal(&work->done);
    }
    pthread_mutex_unlock(&work->lock);
    worker_end(worker);
    free(worker);
    return NULL;
}

/* Starts threads once there is work for more than one processor. */
static void start_threads(struct work *work)
{
    while (work->threads < work->wanted &&
           thread_start(&work->thread[work->threads], examine_batches, work) == 0)
        work->threads++;
    work->wanted = work->threads;
}

/* Settles a record, in input order. */
static void settle(struct work *work, struct item *item)
{
    struct intake *intake = work->intake;
    struct filter *filter = intake->filter;
    struct record *record = item->record;
    struct reason reason;
    char line[SEAL_LINE_MAX];
    if (filter->stop) { /* as if it had not been read */
        reader_release(&work->reader, record);
        return;
    }
    bool good =
        reader_whole(&work->reader, record, &reason) &&
        (item->good || examine(intake, &work->own, item, line, &reason)) &&
        (item->known || intake->take(intake->context, record, item->digest, item->line, &reason));
    intake->known_events += good && item->known;
    if (!good)
        filter_reject(filter, record, reason.text);
    else if (intake->tee && !filter->stop)
        filter_write(filter, record->text);
    reader_release(&work->reader, record);
}

/* Waits for the large record's thread, and settles the record. */
static void settle_large(struct work *work)
{
    struct large *large = &work->large;
    const struct record *record = large->item.record;
    char line[SEAL_LINE_MAX];
    struct reason ignored;
    if (!large->pending)
        return;
    large->pending = false;
    if (large->threaded)
        pthread_join(large->thread, NULL);
    large->item.good = large->apart && large->digested && record->name.at != NULL &&
                       large->bytes.at == record->body.at && large->bytes.len == record->body.len &&
                       conclude(work->intake, &large->item, line, &ignored);
    settle(work, &large->item);
}

/* Waits for the oldest batch, or processes it here, and settles its records. */
static void settle_first(struct work *work)
{
    settle_large(work);
    struct batch *batch = &work->batch[work->first];
    bool here;
    pthread_mutex_lock(&work->lock);
    here = batch->state == BATCH_FILLING || batch->state == BATCH_WAITING;
    if (here)
        batch->state = BATCH_TAKEN;
    while (!here && batch->state != BATCH_DONE)
        pthread_cond_wait(&work->done, &work->lock);
    pthread_mutex_unlock(&work->lock);
    if (here)
        examine_batch(work->intake, &work->own, batch);
    for (size_t i = 0; i < batch->count; i++)
        settle(work, &batch->item[i]);
    pthread_mutex_lock(&work->lock);
    batch->count = batch->bytes = 0;
    batch->state = BATCH_FILLING;
    work->first = (work->first + 1) % BATCHES;
    work->count--;
    pthread_mutex_unlock(&work->lock);
    work->filling = work->filling && work->count > 0;
}

static void settle_all(struct work *work)
{
    settle_large(work);
    while (work->count > 0)
        settle_first(work);
}

static struct batch *last_batch(struct work *work)
{
    return &work->batch[(work->first + work->count - 1) % BATCHES];
}

/* Passes the batch that is being filled to the threads. */
static void queue_batch(struct work *work)
{
    if (!work->filling)
        return;
    if (work->wanted == 0) {
        settle_all(work);
        return;
    }
    work->filling = false;
    pthread_mutex_lock(&work->lock);
    last_batch(work)->state = BATCH_WAITING;
    pthread_cond_signal(&work->came);
    pthread_mutex_unlock(&work->lock);
    if (work->threads == 0)
        start_threads(work);
}

/* A batch with room for one more record. */
static struct batch *open_batch(struct work *work)
{
    if (work->filling)
        return last_batch(work);
    if (work->count == BATCHES)
        settle_first(work);
    pthread_mutex_lock(&work->lock);
    work->count++;
    pthread_mutex_unlock(&work->lock);
    work->filling = true;
    return last_batch(work);
}

static void *digest_large(void *context)
{
    struct large *large = context;
    struct hasher hasher;
    if (!hasher_begin(&hasher))
        return NULL;
    large->digested = hasher_digest(&hasher, large->bytes, large->item.digest);
    hasher_end(&hasher);
    return NULL;
}

/* Checks a large record while a thread digests it; settle() handles what fails. */
static void take_large(struct work *work, struct record *record)
{
    struct large *large = &work->large;
    struct span path;
    struct reason ignored;
    settle_all(work);
    *large = (struct large){.pending = true, .item = {.record = record}};
    large->threaded = work->wanted > 0 && guess(record->text, &path, &large->bytes) &&
                      thread_start(&large->thread, digest_large, large) == 0;
    if (large->threaded)
        large->apart = check(&work->own.json, record, work->intake->unchecked, &ignored);
}

static void take(struct work *work, struct record *record)
{
    if (record->text.len >= LARGE && !record->partial) {
        take_large(work, record);
        return;
    }
    struct batch *batch = open_batch(work);
    batch->item[batch->count++].record = record;
    batch->bytes += record->text.len;
    if (batch->count == BATCH_RECORDS || batch->bytes >= BATCH_BYTES)
        queue_batch(work);
}

/* Before a wait for input: settles and flushes what was read. */
static void before_wait(void *context)
{
    struct work *work = context;
    struct intake *intake = work->intake;
    struct filter *filter = intake->filter;
    bool ready = false;
    settle_all(work);
    filter_flush(filter);
    filter_check_write(filter, &filter->out);
    filter_check_append(filter, &filter->rejects);
    while (!ready && !filter->stop && interrupt_asked() == NULL) {
        int tick = intake->idle != NULL ? intake->idle(intake->context) : -1;
        ready = filter->stop || interrupt_wait(filter->input.fd, tick);
    }
    if (filter->stop)
        filter->input.stop = true;
}

/* The records before it are settled first: the bytes of an over-long line must not get between
 * theirs. */
static void too_long(void *context, struct span chunk)
{
    struct work *work = context;
    settle_all(work);
    if (!work->intake->filter->stop)
        filter_keep(work->intake->filter, chunk);
}

static unsigned threads_wanted(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors < 2 ? 0 : processors > THREADS ? THREADS : (unsigned)processors;
}

/* Reads more.  False: there is nothing more to read. */
static bool read_on(struct work *work)
{
    struct filter *filter = work->intake->filter;
    if (reader_full(&work->reader) && work->count > 0) {
        queue_batch(work);
        if (work->count > 0)
            settle_first(work);
        return true;
    }
    if (reader_full(
            &work->reader)) /* by records that are not under way: they must not stop the reading */
        work->reader.window = 0;
    if (reader_fd(&work->reader) < 0)
        return false;
    if (!input_await(&filter->input))
        reader_stop(&work->reader);
    else
        reader_fill(&work->reader);
    return true;
}

void intake_run(struct intake *intake)
{
    static struct work work;
    struct filter *filter = intake->filter;
    struct record *record;
    work = (struct work){.intake = intake,
                         .wanted = threads_wanted(),
                         .lock = PTHREAD_MUTEX_INITIALIZER,
                         .came = PTHREAD_COND_INITIALIZER,
                         .done = PTHREAD_COND_INITIALIZER};
    work.batch = calloc(BATCHES, sizeof *work.batch);
    if (work.batch == NULL || !worker_begin(&work.own)) {
        diag_fail("%s", strerror(ENOMEM));
        free(work.batch);
        return;
    }
    reader_begin(&work.reader, &filter->input, filter->max_record, WINDOW);
    work.reader.block_size = BLOCK; /* in order: no record keeps its block for long */
    work.reader.too_long = too_long;
    work.reader.context = &work;
    filter->input.before_wait = before_wait;
    filter->input.context = &work;
    while (!filter->stop) {
        if ((record = reader_next(&work.reader)) != NULL)
            take(&work, record);
        else if (!read_on(&work))
            break;
    }
    settle_all(&work);
    pthread_mutex_lock(&work.lock);
    work.ended = true;
    pthread_cond_broadcast(&work.came);
    pthread_mutex_unlock(&work.lock);
    for (unsigned i = 0; i < work.threads; i++)
        pthread_join(work.thread[i], NULL);
    filter->input.before_wait = filter_flush;
    filter->input.context = filter;
    filter_tell_interrupt(filter, work.reader.source, work.reader.line);
    reader_end(&work.reader);
    worker_end(&work.own);
    free(work.batch);
}
