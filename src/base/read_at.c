#include "config.h"

#include "base/read_at.h"

#include <errno.h>
#include <unistd.h>

ssize_t read_at(int fd, void *to, size_t room, off_t offset)
{
    size_t done = 0;
    while (done < room) {
        ssize_t n = pread(fd, (char *)to + done, room - done, offset + (off_t)done);
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
