#include "config.h"

#include "base/read_all.h"
#include "spool/spooldir.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The length of the file's whole lines: up to and including its last newline.  -1 with errno
 * set. */
static off_t whole_lines(int fd, off_t size)
{
    char block[65536];
    while (size > 0) {
        size_t want = size < (off_t)sizeof block ? (size_t)size : sizeof block;
        ssize_t n = read_at(fd, block, want, size - (off_t)want);
        if (n < 0)
            return -1;
        if (n != (ssize_t)want) {
            errno = EIO;
            return -1;
        }
        const char *newline = memrchr(block, '\n', want);
        if (newline != NULL)
            return size - (off_t)want + (newline - block) + 1;
        size -= (off_t)want;
    }
    return 0;
}

/* Whether the locked file still has that name: its writer may have published it, or another process
 * recovered it, before we got the lock. */
static bool is_still_there(int place, const char *name, const struct stat *file)
{
    struct stat is;
    return fstatat(place, name, &is, AT_SYMLINK_NOFOLLOW) == 0 && is.st_ino == file->st_ino &&
           is.st_dev == file->st_dev;
}

static bool publish_lines(const struct spooldir *spool, const char *name, int fd, off_t whole)
{
    int tmp = spool->place[SPOOL_TMP], new = spool->place[SPOOL_NEW];
    return ftruncate(fd, whole) == 0 && fsync(fd) == 0 &&
           spooldir_rename_new(tmp, name, new, name) && fsync(new) == 0;
}

/* Publishes or removes a file whose writer is dead: we hold its lock. */
static void recover_locked(const struct spooldir *spool, const char *name, int fd)
{
    struct stat is;
    if (fstat(fd, &is) != 0 || !is_still_there(spool->place[SPOOL_TMP], name, &is))
        return;
    off_t whole = whole_lines(fd, is.st_size);
    if (whole == 0 && unlinkat(spool->place[SPOOL_TMP], name, 0) == 0) {
        if (is.st_size > 0)
            diag_warn("%s/tmp/%s: removed %jd bytes of an unfinished line of a writer that was "
                      "killed",
                      spool->name, name, (intmax_t)is.st_size);
        return;
    }
    if (whole <= 0 || !publish_lines(spool, name, fd, whole)) {
        diag_warn("%s/tmp/%s: cannot publish what a writer that was killed has left: %s",
                  spool->name, name, strerror(errno));
        return;
    }
    if (whole < is.st_size)
        diag_warn("%s/new/%s: published the lines of a writer that was killed, without the %jd "
                  "bytes of its unfinished last line",
                  spool->name, name, (intmax_t)(is.st_size - whole));
    else
        diag_warn("%s/new/%s: published the lines of a writer that was killed", spool->name, name);
}

struct recovery {
    const struct spooldir *spool;
    size_t unopened;
};

/* Reports, once for each file, that it cannot be opened, so that it is not known whether its writer
 * lives. */
static void tell_unopened(struct recovery *recovery, const char *name)
{
    const struct spooldir *spool = recovery->spool;
    if (recovery->unopened++ >= spool->unopened)
        diag_warn("%s/tmp/%s: cannot be opened: %s; if its writer was killed, its lines stay there "
                  "until its owner or mode is changed",
                  spool->name, name, strerror(errno));
}

static void recover_file(void *context, const char *name)
{
    struct recovery *recovery = context;
    int fd = openat(recovery->spool->place[SPOOL_TMP], name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT)
        tell_unopened(recovery, name);
    if (fd < 0)
        return;
    /* On a file system without locks it is not known whether the writer lives. */
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        recover_locked(recovery->spool, name, fd);
    close(fd);
}

void spooldir_recover(struct spooldir *spool)
{
    struct recovery recovery = {.spool = spool};
    if (!spooldir_each(spool, SPOOL_TMP, SPOOL_SUFFIX, recover_file, &recovery))
        diag_warn("%s/tmp: %s", spool->name, strerror(errno));
    spool->unopened = recovery.unopened;
}
