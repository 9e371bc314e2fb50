#define _GNU_SOURCE /* pipe2 */
#include "interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t count;
static int wake[2] = {-1, -1};
static struct sigaction old_int, old_term;

static void take_signal(int number)
{
    (void)number;
    int saved = errno;
    count++;
    /* A full pipe is readable already. */
    ssize_t ignored = write(wake[1], "", 1);
    (void)ignored;
    errno = saved;
}

int interrupt_begin(void)
{
    struct sigaction action = {.sa_handler = take_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0)
        return -1;
    count = 0;
    sigaction(SIGINT, &action, &old_int);
    sigaction(SIGTERM, &action, &old_term);
    return wake[0];
}

unsigned interrupt_count(void)
{
    if (count > 0) {
        char bytes[16];
        while (read(wake[0], bytes, sizeof bytes) > 0)
            ;
    }
    return (unsigned)count;
}

void interrupt_end(void)
{
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGTERM, &old_term, NULL);
    close(wake[0]);
    close(wake[1]);
}
