#include "config.h"

#include "base/interrupt.h"
#include "base/thread.h"
#include "filter/parallel.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BLOCK = 128 * 1024, /* bytes of the largest block: it and its output stay in the cache */
    LEAST = 4 * BLOCK,  /* unread bytes of a file from which on threads are started */
    DEFAULT_MOST = 4,   /* threads, without --threads */
    GOOD_RUN = 16,      /* blocks after which starting the threads has paid off */
    MOST_PATIENCE = 64, /* reads */
};

const struct option_line parallel_options[] = {
    {.name = "threads",
     .argument = "NUMBER",
     .help = "transform a file with up to NUMBER threads (default:\n"
             "the number of processors, at most 4)",
     OPTION_COUNT(struct parallel, threads, 1, PARALLEL_MOST)},
    {.name = NULL},
};

/* A thread with its current block. */
struct worker {
    struct run *run;
    pthread_t thread;
    void *context; /* of the transform */
    char block[BLOCK];
    size_t len;    /* bytes of the block's whole lines */
    off_t offset;  /* of the block in the file */
    size_t number; /* of the block, counted from 0 in the order of the file */
    bool turn;     /* all blocks before this one are finished */
    size_t done;   /* bytes of the lines that are finished */
    size_t lines;  /* the number of these lines */
    struct edit edit;
    struct out out;
};

/* The work of the threads on a part of a file. */
struct run {
    struct parallel *parallel;
    struct filter *filter;
    struct worker *worker[PARALLEL_MOST];
    size_t workers; /* workers that were allocated */
    size_t line;    /* lines of the file before this part */

    pthread_mutex_t read_lock; /* protects the members for reading: */
    off_t next;                /* the offset of the next block */
    size_t blocks;             /* blocks that were read */
    bool at_end;               /* no more blocks are read */

    pthread_mutex_t turn_lock; /* for `turn` */
    pthread_cond_t turned;
    size_t turn; /* the number of the next block to finish */

    /* For the thread whose turn it is. */
    bool stopped; /* the following blocks are dropped */
    size_t lines; /* lines that are finished */
    off_t done;   /* the offset of their end */
};

/* Reads the next block.  False: there is none. */
static bool read_block(struct worker *worker)
{
    struct run *run = worker->run;
    ssize_t n = -1;
    char *newline = NULL;
    pthread_mutex_lock(&run->read_lock);
    if (!run->at_end && interrupt_asked() == NULL)
        n = pread(run->filter->input.fd, worker->block, BLOCK, run->next);
    if (n > 0)
        newline = memrchr(worker->block, '\n', (size_t)n);
    if (newline == NULL) {
        run->at_end = true; /* after an error too: the next read will report it */
    } else {
        worker->len = (size_t)(newline + 1 - worker->block);
        worker->offset = run->next;
        worker->number = run->blocks++;
        run->next += (off_t)worker->len;
    }
    pthread_mutex_unlock(&run->read_lock);
    worker->turn = false;
    return newline != NULL;
}

/* Waits until all blocks before the worker's are finished.  False: its block is dropped. */
static bool await_turn(struct worker *worker)
{
    struct run *run = worker->run;
    if (!worker->turn) {
        pthread_mutex_lock(&run->turn_lock);
        while (run->turn != worker->number)
            pthread_cond_wait(&run->turned, &run->turn_lock);
        pthread_mutex_unlock(&run->turn_lock);
        worker->turn = true;
    }
    return !run->stopped;
}

static bool before_write(void *worker)
{
    return await_turn(worker);
}

static void pass_turn(struct worker *worker)
{
    struct run *run = worker->run;
    pthread_mutex_lock(&run->turn_lock);
    run->turn++;
    pthread_cond_broadcast(&run->turned);
    pthread_mutex_unlock(&run->turn_lock);
}

/* Writes the worker's output, when it is its turn. */
static void write_out(struct worker *worker)
{
    out_flush(&worker->out);
    filter_check_write(worker->run->filter, &worker->out);
}

static void reject(struct worker *worker, struct span line, const char *reason)
{
    struct filter *filter = worker->run->filter;
    struct record record = {
        .text = line,
        .source = filter->input.name,
        .line = worker->run->line + worker->run->lines + worker->lines + 1,
    };
    write_out(worker);
    if (worker->out.error == 0)
        filter_reject(filter, &record, reason);
}

/* Transforms the next line of the block.  False: the block ends before it, or after a failed
 * write. */
static bool transform_line(struct worker *worker, struct span line)
{
    struct run *run = worker->run;
    struct reason reason;
    switch (filter_record(run->parallel->work->transform, worker->context, line, &worker->edit,
                          &worker->out, &reason)) {
    case VERDICT_LEAVE:
        return false;
    case VERDICT_REJECT:
        if (!await_turn(worker))
            return false;
        reject(worker, line, reason.text);
        break;
    default:
        break;
    }
    return worker->out.error == 0;
}

static void transform_block(struct worker *worker)
{
    worker->done = worker->lines = 0;
    while (worker->done < worker->len) {
        const char *at = worker->block + worker->done;
        const char *newline = memchr(at, '\n', worker->len - worker->done);
        struct span line = span_between(at, newline);
        if (!span_is_blank(line) && !transform_line(worker, line))
            break;
        worker->done += line.len + 1;
        worker->lines++;
        if (worker->turn && worker->run->filter->stop)
            break;
    }
}

/* Waits for the worker's turn, and writes and counts the result of its block.  False: it is the
 * last block of this run. */
static bool finish_block(struct worker *worker)
{
    struct run *run = worker->run;
    const struct parallel *parallel = run->parallel;
    if (!await_turn(worker)) {
        worker->out.used = 0;
        return false;
    }
    write_out(worker);
    if (parallel->work->count != NULL)
        parallel->work->count(parallel->context, worker->context);
    run->lines += worker->lines;
    run->done = worker->offset + (off_t)worker->done;
    run->stopped = worker->done < worker->len || run->filter->stop;
    return !run->stopped;
}

/* Finishes the block that was read, and the following ones. */
static void work(struct worker *worker)
{
    bool more;
    do {
        transform_block(worker);
        more = finish_block(worker);
        pass_turn(worker);
    } while (more && read_block(worker));
}

static void *run_worker(void *context)
{
    if (read_block(context))
        work(context);
    return NULL;
}

static struct worker *worker_new(struct run *run)
{
    struct worker *worker = malloc(sizeof *worker);
    if (worker == NULL)
        return NULL;
    worker->run = run;
    worker->edit = (struct edit){0};
    if (!out_begin(&worker->out, run->filter->out.fd, run->filter->out.name)) {
        free(worker);
        return NULL;
    }
    worker->out.before_write = before_write;
    worker->out.context = worker;
    return worker;
}

static struct run *run_new(struct parallel *parallel)
{
    struct run *run = calloc(1, sizeof *run);
    if (run == NULL)
        return NULL;
    run->parallel = parallel;
    run->filter = parallel->filter;
    pthread_mutex_init(&run->read_lock, NULL);
    pthread_mutex_init(&run->turn_lock, NULL);
    pthread_cond_init(&run->turned, NULL);
    return run;
}

/* A copy of the context for one thread; NULL: no memory. */
static void *context_new(const struct parallel *parallel)
{
    const struct parallel_work *work = parallel->work;
    void *copy = malloc(work->size);
    if (copy == NULL)
        return NULL;
    memcpy(copy, parallel->context, work->size);
    if (work->begin == NULL || work->begin(copy))
        return copy;
    free(copy);
    return NULL;
}

static void context_free(const struct parallel *parallel, void *copy)
{
    if (parallel->work->end != NULL)
        parallel->work->end(copy);
    free(copy);
}

/* Prepares up to `wanted` workers.  Returns how many are ready. */
static size_t prepare(struct run *run, size_t wanted)
{
    const struct parallel *parallel = run->parallel;
    for (size_t i = 0; i < wanted; i++) {
        if (i == run->workers) {
            if ((run->worker[i] = worker_new(run)) == NULL)
                return i;
            run->workers++;
        }
        run->worker[i]->context = context_new(parallel);
        if (run->worker[i]->context == NULL)
            return i;
    }
    return wanted;
}

/* Runs the workers on the file from the offset `at`; the first one runs in this thread. */
static void go(struct run *run, size_t workers, off_t at)
{
    run->next = run->done = at;
    run->blocks = run->turn = run->lines = 0;
    run->at_end = run->stopped = false;
    if (!read_block(run->worker[0]))
        return;
    size_t started = 1;
    while (started < workers &&
           thread_start(&run->worker[started]->thread, run_worker, run->worker[started]) == 0)
        started++;
    work(run->worker[0]);
    while (started > 1)
        pthread_join(run->worker[--started]->thread, NULL);
}

/* After a run that ended here, lets the ordinary reader read for a while, longer after each such
 * run: what stopped the run may follow again and again.  `left` bytes are unread. */
static void set_patience(struct parallel *parallel, off_t left)
{
    bool good = parallel->run->turn >= GOOD_RUN || left < BLOCK;
    parallel->patience = good ? 0 : 2 * parallel->patience + 1;
    if (parallel->patience > MOST_PATIENCE)
        parallel->patience = MOST_PATIENCE;
    parallel->reads = 0;
}

/* An input's take_lines(). */
static size_t take_lines(void *context, size_t line, off_t *at, off_t left)
{
    struct parallel *parallel = context;
    struct filter *filter = parallel->filter;
    if (left < LEAST || parallel->reads++ < parallel->patience)
        return 0;
    if (parallel->run == NULL && (parallel->run = run_new(parallel)) == NULL)
        return 0;
    struct run *run = parallel->run;
    filter_flush(filter);
    filter_check_write(filter, &filter->out);
    size_t most = (size_t)(left / BLOCK), lines = 0;
    size_t workers = prepare(run, most < parallel->threads ? most : parallel->threads);
    if (workers > 1 && !filter->stop) {
        run->line = line;
        go(run, workers, *at);
        set_patience(parallel, left - (run->done - *at));
        *at = run->done;
        lines = run->lines;
    }
    while (workers > 0)
        context_free(parallel, run->worker[--workers]->context);
    if (filter->stop)
        filter->input.stop = true;
    return lines;
}

/* The number of processors that this process may use, up to a limit. */
static size_t default_threads(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    size_t processors = (size_t)CPU_COUNT(&set);
    return processors < DEFAULT_MOST ? processors : DEFAULT_MOST;
}

void parallel_begin(struct parallel *parallel, struct filter *filter,
                    const struct parallel_work *work, void *context)
{
    parallel->filter = filter;
    parallel->work = work;
    parallel->context = context;
    if (parallel->threads == 0)
        parallel->threads = default_threads();
    /* Otherwise a line of a block could be longer than a record may be. */
    if (parallel->threads == 1 || filter->max_record < BLOCK)
        return;
    filter->input.take_lines = take_lines;
    filter->input.take_context = parallel;
}

void parallel_end(struct parallel *parallel)
{
    struct run *run = parallel->run;
    if (run == NULL)
        return;
    for (size_t i = 0; i < run->workers; i++) {
        out_free(&run->worker[i]->out);
        edit_free(&run->worker[i]->edit);
        free(run->worker[i]);
    }
    pthread_cond_destroy(&run->turned);
    pthread_mutex_destroy(&run->turn_lock);
    pthread_mutex_destroy(&run->read_lock);
    free(run);
    parallel->run = NULL;
}

void parallel_lines(struct parallel *parallel, struct filter *filter,
                    const struct parallel_work *work, void *context)
{
    parallel_begin(parallel, filter, work, context);
    filter_lines(filter, work->transform, context);
    parallel_end(parallel);
}
