#include "config.h"

#include "base/read_all.h"
#include "spool/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static pid_t read_holder(int fd)
{
    char text[24];
    ssize_t n = read_at(fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    return (pid_t)strtol(text, NULL, 10);
}

enum lock_result lock_take(int dir, const char *name, int *fd, pid_t *holder)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    *fd = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (*fd < 0)
        return LOCK_FAILED;
    if (fcntl(*fd, F_OFD_SETLK, &whole) == 0)
        return LOCK_TAKEN;
    enum lock_result result = errno == EAGAIN || errno == EACCES ? LOCK_HELD : LOCK_FAILED;
    int error = errno;
    *holder = read_holder(*fd);
    close(*fd);
    *fd = -1;
    errno = error;
    return result;
}

bool lock_is_held(int dir, const char *name, pid_t *holder)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool held = fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
    *holder = held ? read_holder(fd) : 0;
    close(fd);
    return held;
}

void lock_say_holder(int fd, pid_t holder)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%ld\n", (long)holder);
    /* On failure only a message will lack the number. */
    if (pwrite(fd, text, (size_t)n, 0) == n)
        (void)!ftruncate(fd, n);
}
