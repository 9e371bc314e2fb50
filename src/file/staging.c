#include "config.h"

#include "file/staging.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_dir(int dir, const char *name)
{
    return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Calls call() for each name in the directory, which stays open, except "." and "..". */
static bool each_name(int dir, void (*call)(int dir, const char *name))
{
    int fd = open_dir(dir, ".");
    DIR *names = fd < 0 ? NULL : fdopendir(fd);
    if (names == NULL) {
        int error = errno;
        if (fd >= 0)
            close(fd);
        errno = error;
        return false;
    }
    for (struct dirent *entry; (entry = readdir(names)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            call(dir, entry->d_name);
    closedir(names);
    return true;
}

static void remove_file(int dir, const char *name)
{
    unlinkat(dir, name, 0);
}

static bool remove_staging(int dir, const char *name, int fd)
{
    each_name(fd, remove_file);
    return unlinkat(dir, name, AT_REMOVEDIR) == 0;
}

/* Removes a staging directory if it can be locked: its owner is dead then.  One that cannot be
 * removed does no harm. */
static void remove_stale(int dir, const char *name)
{
    if (strncmp(name, STAGING_PREFIX ".", sizeof STAGING_PREFIX) != 0)
        return;
    int fd = open_dir(dir, name);
    if (fd < 0)
        return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        remove_staging(dir, name, fd);
    close(fd);
}

static bool random_name(char *name)
{
    static const char letters[] = "0123456789abcdefghijklmnopqrstuv";
    unsigned char random[6];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return false;
    memcpy(name, STAGING_PREFIX ".", sizeof STAGING_PREFIX);
    name += sizeof STAGING_PREFIX;
    for (size_t i = 0; i < sizeof random; i++)
        *name++ = letters[random[i] % 32];
    *name = '\0';
    return true;
}

/* Locks the directory just made.  False: another run, just begun, took it for a dead run's. */
static bool lock_new(const struct staging *staging)
{
    struct stat is;
    /* On a file system without locks no other run can lock it. */
    if (flock(staging->fd, LOCK_EX | LOCK_NB) != 0)
        return errno != EWOULDBLOCK;
    return fstatat(staging->dir, staging->name, &is, AT_SYMLINK_NOFOLLOW) == 0;
}

bool staging_open(struct staging *staging, int dir)
{
    enum { TRIES = 100 };
    staging->dir = dir;
    if (!each_name(dir, remove_stale))
        return false;
    errno = EEXIST;
    for (int i = 0; i < TRIES; i++) {
        if (!random_name(staging->name))
            return false;
        if (mkdirat(dir, staging->name, 0700) != 0) {
            if (errno == EEXIST)
                continue;
            return false;
        }
        staging->fd = open_dir(dir, staging->name);
        if (staging->fd >= 0 && lock_new(staging))
            return true;
        if (staging->fd >= 0)
            close(staging->fd);
        else if (errno != ENOENT)
            return false;
    }
    return false;
}

bool staging_close(struct staging *staging)
{
    bool removed = remove_staging(staging->dir, staging->name, staging->fd);
    int error = errno;
    close(staging->fd);
    errno = error;
    return removed;
}
