#include "config.h"

#include "base/clock.h"
#include "base/interrupt.h"
#include "spool/drain.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    DESCRIPTORS = 32,       /* that a directory may need */
    POLLED = 3,             /* of them that are polled */
    UNWATCHED = 1000 * 1000 /* microseconds between scans of a directory without inotify */
};

struct loop {
    struct drain *drain;
    size_t count;
    int inotify;
    int *watch;          /* a directory's watch; -1: none */
    struct pollfd *poll; /* 2, and POLLED for each directory */
    bool stopping;
};

/* Many directories need more descriptors than a process usually has. */
static void raise_limit(size_t count)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)count * DESCRIPTORS + 64;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void watch(struct loop *loop, size_t i)
{
    char path[PATH_MAX + 16];
    loop->watch[i] = -1;
    if (!loop->drain[i].options->follow)
        return;
    strcpy(path, loop->drain[i].path);
    strcat(path, "/new");
    loop->watch[i] = inotify_add_watch(loop->inotify, path, IN_MOVED_TO | IN_CREATE);
    if (loop->watch[i] < 0)
        diag_warn("%s: inotify: %s; looking for segments once a second", loop->drain[i].spool.name,
                  strerror(errno));
}

static void wake_watched(struct loop *loop, int descriptor, int64_t now)
{
    for (size_t i = 0; i < loop->count; i++)
        if (descriptor == -1 || loop->watch[i] == descriptor)
            drain_wake(&loop->drain[i], now);
}

static void read_inotify(struct loop *loop, int64_t now)
{
    union {
        struct inotify_event event;
        char bytes[65536];
    } buffer;
    ssize_t n;
    while ((n = read(loop->inotify, buffer.bytes, sizeof buffer)) > 0)
        for (char *at = buffer.bytes; at < buffer.bytes + n;) {
            const struct inotify_event *event = (const struct inotify_event *)(const void *)at;
            /* After an overflow (-1) the directory is not known. */
            wake_watched(loop, event->wd, now);
            at += sizeof *event + event->len;
        }
}

static void stop(struct loop *loop)
{
    loop->stopping = true;
    for (size_t i = 0; i < loop->count; i++)
        if (loop->drain[i].phase != DRAIN_ENDED)
            drain_stop(&loop->drain[i], SIGTERM);
}

/* Calls every step that is due.  False: all have ended.  *due is when the next one is. */
static bool step_all(struct loop *loop, int64_t now, int64_t *due)
{
    bool any = false;
    *due = INT64_MAX;
    for (size_t i = 0; i < loop->count; i++) {
        struct drain *d = &loop->drain[i];
        if (d->phase != DRAIN_ENDED)
            drain_step(d, now);
        if (d->phase == DRAIN_IDLE && loop->watch[i] < 0 && d->due > now + UNWATCHED)
            d->due = now + UNWATCHED;
        any = any || d->phase != DRAIN_ENDED;
        if (d->phase != DRAIN_ENDED && d->due < *due)
            *due = d->due;
    }
    return any;
}

static struct pollfd *polled(struct loop *loop, size_t i)
{
    return &loop->poll[2 + POLLED * i];
}

static void wait_for_something(struct loop *loop, int64_t due)
{
    int64_t now = clock_now();
    loop->poll[0].fd = loop->stopping ? -1 : interrupt_fd();
    loop->poll[1].fd = loop->inotify;
    loop->poll[0].events = loop->poll[1].events = POLLIN;
    for (size_t i = 0; i < loop->count; i++) {
        const struct drain *d = &loop->drain[i];
        bool running = d->phase == DRAIN_RUNNING;
        polled(loop, i)[0] = (struct pollfd){running ? d->run.exited : -1, POLLIN, 0};
        polled(loop, i)[1] = (struct pollfd){running ? d->run.messages : -1, POLLIN, 0};
        bool feeding = running && d->feed.pipe >= 0;
        bool ready = feeding && d->feed.due <= now;
        polled(loop, i)[2] = (struct pollfd){ready ? d->feed.pipe : -1, POLLOUT, 0};
        if (feeding && !ready && d->feed.due < due)
            due = d->feed.due;
    }
    int64_t left = due <= now ? 0 : due - now;
    int milliseconds = due == INT64_MAX ? -1 : left > 60000000 ? 60000 : (int)((left + 999) / 1000);
    if (poll(loop->poll, 2 + POLLED * loop->count, milliseconds) < 0)
        for (size_t i = 0; i < 2 + POLLED * loop->count; i++)
            loop->poll[i].revents = 0;
}

static void run(struct loop *loop)
{
    int64_t due;
    while (step_all(loop, clock_now(), &due)) {
        wait_for_something(loop, due);
        int64_t now = clock_now();
        if (!loop->stopping && interrupt_asked() != NULL)
            stop(loop);
        if (loop->poll[1].revents != 0)
            read_inotify(loop, now);
        for (size_t i = 0; i < loop->count; i++) {
            if (polled(loop, i)[1].revents != 0)
                drain_messages(&loop->drain[i]);
            if (polled(loop, i)[2].revents != 0)
                drain_feed(&loop->drain[i], now);
            if (polled(loop, i)[0].revents != 0)
                drain_ended(&loop->drain[i], now);
        }
    }
}

/* Opens what can be opened. */
static void open_all(struct loop *loop, const struct drain_options *options, char *const *directory,
                     size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (drain_open(&loop->drain[loop->count], options, directory[i])) {
            watch(loop, loop->count);
            loop->count++;
        }
}

void drain_loop(const struct drain_options *options, char *const *directory, size_t count)
{
    struct loop loop = {
        .drain = malloc(count * sizeof *loop.drain),
        .inotify = -1,
        .watch = malloc(count * sizeof *loop.watch),
        .poll = calloc(2 + POLLED * count, sizeof *loop.poll),
    };
    interrupt_begin();
    raise_limit(count);
    if (options->follow)
        loop.inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (loop.drain == NULL || loop.watch == NULL || loop.poll == NULL) {
        diag_fail("%s", strerror(ENOMEM));
    } else {
        open_all(&loop, options, directory, count);
        run(&loop);
    }
    for (size_t i = 0; i < loop.count; i++)
        drain_close(&loop.drain[i]);
    if (loop.inotify >= 0)
        close(loop.inotify);
    free(loop.drain);
    free(loop.watch);
    free(loop.poll);
}
