/* A slower disk, for LD_PRELOAD: every sync takes $SLOW_DISK microseconds more. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int synced(const char *name, int fd)
{
    const char *text = getenv("SLOW_DISK");
    long microseconds = text != NULL ? atol(text) : 0;
    struct timespec time = {microseconds / 1000000, microseconds % 1000000 * 1000};
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    int result = real(fd);
    nanosleep(&time, NULL);
    return result;
}

int fsync(int fd)
{
    return synced("fsync", fd);
}

int fdatasync(int fd)
{
    return synced("fdatasync", fd);
}

int syncfs(int fd)
{
    return synced("syncfs", fd);
}
