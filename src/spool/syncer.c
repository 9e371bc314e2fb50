#include "config.h"

#include "base/thread.h"
#include "spool/syncer.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int sync_file(int fd)
{
    return fsync(fd) == 0 ? 0 : errno;
}

static void signal_event(int fd)
{
    while (eventfd_write(fd, 1) != 0 && errno == EINTR)
        ;
}

static void take_event(int fd)
{
    eventfd_t count;
    while (eventfd_read(fd, &count) != 0 && errno == EINTR)
        ;
}

static void *work(void *context)
{
    struct syncer *s = context;
    for (;;) {
        take_event(s->task);
        if (s->file < 0)
            return NULL;
        s->error = sync_file(s->file);
        signal_event(s->done);
    }
}

static void close_events(struct syncer *s)
{
    if (s->task >= 0)
        close(s->task);
    if (s->done >= 0)
        close(s->done);
    s->task = s->done = -1;
}

static bool start_thread(struct syncer *s)
{
    s->task = eventfd(0, EFD_CLOEXEC);
    s->done = eventfd(0, EFD_CLOEXEC);
    if (s->task >= 0 && s->done >= 0)
        s->running = thread_start(&s->thread, work, s) == 0;
    if (!s->running)
        close_events(s);
    return s->running;
}

void syncer_start(struct syncer *s, int fd)
{
    s->file = fd;
    s->busy = true;
    if (s->running || start_thread(s))
        signal_event(s->task);
    else
        s->error = sync_file(fd);
}

int syncer_finish(struct syncer *s)
{
    if (s->running)
        take_event(s->done);
    s->busy = false;
    return s->error;
}

void syncer_end(struct syncer *s)
{
    if (s->busy)
        syncer_finish(s);
    if (!s->running)
        return;
    s->file = -1;
    signal_event(s->task);
    pthread_join(s->thread, NULL);
    s->running = false;
    close_events(s);
}
