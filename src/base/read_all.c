#include "config.h"

#include "base/read_all.h"

#include <errno.h>
#include <unistd.h>

/* Reads at the offset, or at the descriptor's position if that is NULL. */
static ssize_t read_until(int fd, char *to, size_t room, const off_t *offset)
{
    size_t done = 0;
    while (done < room) {
        ssize_t n = offset == NULL ? read(fd, to + done, room - done)
                                   : pread(fd, to + done, room - done, *offset + (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

ssize_t read_all(int fd, void *to, size_t room)
{
    return read_until(fd, to, room, NULL);
}

ssize_t read_at(int fd, void *to, size_t room, off_t offset)
{
    return read_until(fd, to, room, &offset);
}
