#include "config.h"

#include "base/pipe.h"

#include <fcntl.h>

enum { PIPE_SIZE = 1024 * 1024 };

void pipe_grow(int fd)
{
#ifdef F_SETPIPE_SZ
    int size = fcntl(fd, F_GETPIPE_SZ);
    if (size > 0 && size < PIPE_SIZE)
        (void)fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE);
#else
    (void)fd;
#endif
}
