#include "config.h"

#include "base/clock.h"
#include "base/thread.h"
#include "receive/commit.h"

#include <errno.h>
#include <time.h>

enum { GROUP_BYTES = 4 * 1024 * 1024 }; /* with so many bytes, no request waits for others */

/* Reports when lines can no longer be kept, and when they can be again: a message each, and only
 * one such pair in a while, because a spool that is nearly full accepts some requests and not
 * others. */
static void tell_storing(struct commit *commit, enum store_result worst)
{
    enum { PAUSE = 10000000 }; /* microseconds */
    const struct store *store = commit->store;
    int64_t now = clock_now();
    atomic_store(&commit->failed, worst == STORE_KEPT ? 0 : now);
    if (worst == STORE_KEPT) {
        if (commit->told)
            diag_warn("requests are accepted again; %zu were answered 503", commit->refused);
        commit->told = false;
        return;
    }
    if (commit->told || (commit->told_at != 0 && now - commit->told_at < PAUSE))
        return;
    commit->told = true;
    commit->told_at = now;
    diag_warn("%s; requests are answered 503 until %s", store->reason.text,
              worst == STORE_FULL ? "there is room" : "it can be written");
}

/* Stores the lines of a list of jobs, with one sync for all.  The store's lock is held. */
static void keep(struct commit *commit, struct commit_job *jobs)
{
    bool failed = false;
    for (struct commit_job *job = jobs; job != NULL; job = job->next) {
        job->result = failed ? STORE_FAILED : store_append(commit->store, job->lines);
        failed |= job->result == STORE_FAILED;
    }
    /* After an error nothing of the group is kept: a failed append also discards those before
     * it. */
    failed |= !store_keep(commit->store);
    enum store_result worst = STORE_KEPT;
    size_t refused = 0;
    for (struct commit_job *job = jobs; job != NULL; job = job->next) {
        if (failed && job->result == STORE_KEPT)
            job->result = STORE_FAILED;
        refused += job->result != STORE_KEPT;
        worst = job->result > worst ? job->result : worst;
    }
    commit->refused += refused;
    tell_storing(commit, worst);
    if (worst == STORE_KEPT)
        commit->refused = 0;
}

/* The time `microseconds` from now, for a wait; now if they are negative. */
static struct timespec after(int64_t microseconds)
{
    struct timespec time;
    if (microseconds < 0)
        microseconds = 0;
    clock_gettime(CLOCK_MONOTONIC, &time);
    int64_t nanos = time.tv_nsec + microseconds % 1000000 * 1000;
    time.tv_sec += microseconds / 1000000 + nanos / 1000000000;
    time.tv_nsec = nanos % 1000000000;
    return time;
}

/* Waits for jobs, or until the store must be called.  The lock is held. */
static void wait_for_jobs(struct commit *commit, int64_t due)
{
    struct timespec until = after(due);
    while (commit->first == NULL && !commit->closing) {
        if (due < 0)
            pthread_cond_wait(&commit->wake, &commit->lock);
        else if (pthread_cond_timedwait(&commit->wake, &commit->lock, &until) != 0)
            return;
    }
}

/* Waits for others to share the sync, but no longer than another sync would take.  The lock is
 * held. */
static void wait_for_others(struct commit *commit)
{
    struct timespec until = after(commit->wait < commit->took ? commit->wait : commit->took);
    while (commit->count < commit->expected && commit->bytes < GROUP_BYTES && !commit->closing)
        if (pthread_cond_timedwait(&commit->wake, &commit->lock, &until) != 0)
            return;
}

/* Takes all waiting jobs, or only the first.  The lock is held. */
static struct commit_job *take(struct commit *commit)
{
    struct commit_job *jobs = commit->first;
    if (commit->sync == COMMIT_EACH && jobs->next != NULL) {
        commit->first = jobs->next;
        jobs->next = NULL;
        commit->taken = 1;
        commit->count--;
        commit->bytes -= jobs->lines.len;
        return jobs;
    }
    commit->taken = commit->count;
    commit->first = NULL;
    commit->last = &commit->first;
    commit->count = commit->bytes = 0;
    return jobs;
}

/* Reports when segments can no longer be published, and when they can be again. */
static void tell_publishing(struct commit *commit)
{
    const struct store *store = commit->store;
    if (store->held_up == commit->told_held_up)
        return;
    commit->told_held_up = store->held_up;
    if (store->held_up)
        diag_warn("%s; what was received is kept, but cannot be delivered until that works; trying "
                  "again",
                  store->reason.text);
    else
        diag_warn("%s: what was received can be delivered again", store->directory);
}

static int64_t tick(struct commit *commit)
{
    pthread_mutex_lock(&commit->storing);
    int64_t due = store_tick(commit->store);
    tell_publishing(commit);
    pthread_mutex_unlock(&commit->storing);
    return due;
}

static void handle(struct commit *commit, struct commit_job *jobs)
{
    pthread_mutex_lock(&commit->storing);
    int64_t begun = clock_now();
    keep(commit, jobs);
    commit->took = clock_now() - begun;
    pthread_mutex_unlock(&commit->storing);
    pthread_mutex_lock(&commit->lock);
    /* The senders that are answered now will send again; the others' requests are here already. */
    commit->expected = commit->taken + commit->count;
    pthread_mutex_unlock(&commit->lock);
    while (jobs != NULL) {
        struct commit_job *next = jobs->next; /* done() may free the job */
        jobs->done(jobs);
        jobs = next;
    }
}

static void *run(void *context)
{
    enum { TICK = 200000 }; /* microseconds: how often to tick if others store lines */
    struct commit *commit = context;
    for (;;) {
        int64_t due = tick(commit);
        if (commit->sync == COMMIT_NONE)
            due = TICK;
        pthread_mutex_lock(&commit->lock);
        wait_for_jobs(commit, due);
        if (commit->first != NULL && commit->sync == COMMIT_GROUP)
            wait_for_others(commit);
        struct commit_job *jobs = commit->first != NULL ? take(commit) : NULL;
        bool end = jobs == NULL && commit->closing;
        pthread_mutex_unlock(&commit->lock);
        if (end)
            return NULL;
        if (jobs == NULL)
            continue;
        handle(commit, jobs);
    }
}

bool commit_is_failing(struct commit *commit)
{
    enum { RECENT = 10000000 }; /* microseconds */
    int64_t failed = atomic_load(&commit->failed);
    return failed != 0 && clock_now() - failed < RECENT;
}

bool commit_begin(struct commit *commit)
{
    pthread_condattr_t steady;
    commit->last = &commit->first;
    pthread_mutex_init(&commit->lock, NULL);
    pthread_mutex_init(&commit->storing, NULL);
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&commit->wake, &steady);
    pthread_condattr_destroy(&steady);
    errno = thread_start(&commit->thread, run, commit);
    return errno == 0;
}

bool commit_add(struct commit *commit, struct commit_job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&commit->lock);
    bool open = !commit->closing;
    if (open) {
        *commit->last = job;
        commit->last = &job->next;
        commit->count++;
        commit->bytes += job->lines.len;
        /* The thread is woken only if this ends its wait. */
        if (commit->count == 1 || commit->count >= commit->expected || commit->bytes >= GROUP_BYTES)
            pthread_cond_signal(&commit->wake);
    }
    pthread_mutex_unlock(&commit->lock);
    return open;
}

void commit_now(struct commit *commit, struct commit_job *job)
{
    job->next = NULL;
    job->result = STORE_FAILED;
    pthread_mutex_lock(&commit->storing);
    if (!commit->closed)
        keep(commit, job);
    pthread_mutex_unlock(&commit->storing);
}

bool commit_end(struct commit *commit)
{
    pthread_mutex_lock(&commit->lock);
    commit->closing = true;
    pthread_cond_signal(&commit->wake);
    pthread_mutex_unlock(&commit->lock);
    pthread_join(commit->thread, NULL);
    pthread_mutex_lock(&commit->storing);
    bool closed = store_close(commit->store);
    commit->closed = true;
    pthread_mutex_unlock(&commit->storing);
    return closed;
}

void commit_free(struct commit *commit)
{
    pthread_cond_destroy(&commit->wake);
    pthread_mutex_destroy(&commit->lock);
    pthread_mutex_destroy(&commit->storing);
}
