#include "config.h"

#include "base/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#define TOGETHER 500000000 /* nanoseconds */

static atomic_int asked;         /* other threads read it, too */
static struct timespec asked_at; /* only for the handler */
static int wake[2] = {-1, -1};

static void ask(int signal_number)
{
    int saved = errno;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (!asked)
        asked_at = now;
    else if ((now.tv_sec - asked_at.tv_sec) * 1000000000LL + now.tv_nsec - asked_at.tv_nsec >
             TOGETHER) {
        signal(signal_number, SIG_DFL);
        raise(signal_number); /* takes effect when the handler returns */
    }
    asked = signal_number;
    if (wake[1] >= 0)
        (void)!write(wake[1], "", 1);
    errno = saved;
}

static const struct {
    int number;
    const char *name;
} requests[] = {{SIGHUP, "SIGHUP"}, {SIGINT, "SIGINT"}, {SIGTERM, "SIGTERM"}};

enum { REQUESTS = sizeof requests / sizeof *requests };

static sigset_t all_requests(void)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < REQUESTS; i++)
        sigaddset(&set, requests[i].number);
    return set;
}

void interrupt_begin(void)
{
    struct sigaction action = {.sa_handler = ask, .sa_mask = all_requests()}, before;
    for (size_t i = 0; i < REQUESTS; i++)
        if (sigaction(requests[i].number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(requests[i].number, &action, NULL);
}

const char *interrupt_asked(void)
{
    int number = asked;
    for (size_t i = 0; i < REQUESTS; i++)
        if (number == requests[i].number)
            return requests[i].name;
    return NULL;
}

int interrupt_fd(void)
{
    if (wake[0] < 0 && pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0)
        return -1;
    if (asked)
        (void)!write(wake[1], "", 1);
    return wake[0];
}

bool interrupt_wait(int fd, int milliseconds)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    const sigset_t all = all_requests();
    sigset_t before;
    /* The signals are blocked from the check of `asked` until ppoll(2) waits, so that none is
     * missed. */
    sigprocmask(SIG_BLOCK, &all, &before);
    int n;
    do
        n = asked ? 0 : ppoll(&ready, 1, milliseconds < 0 ? NULL : &time, &before);
    while (n < 0 && errno == EINTR);
    sigprocmask(SIG_SETMASK, &before, NULL);
    /* If it cannot wait (no memory, for example), the read that follows can. */
    return n != 0;
}
