#include "config.h"

#include "file/subdirs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void subdirs_begin(struct subdirs *subdirs, int root, bool durable)
{
    subdirs->root = root;
    subdirs->durable = durable;
    subdirs->depth = 0;
}

static void close_from(struct subdirs *subdirs, size_t depth)
{
    while (subdirs->depth > depth)
        close(subdirs->level[--subdirs->depth].fd);
}

void subdirs_close(struct subdirs *subdirs)
{
    close_from(subdirs, 0);
}

/* How many of the open directories the path begins with. */
static size_t shared_depth(const struct subdirs *subdirs, const char *path)
{
    size_t depth = 0;
    while (depth < subdirs->depth) {
        size_t begin = subdirs->level[depth].begin;
        size_t len = subdirs->level[depth].end - begin;
        if (strncmp(path + begin, subdirs->path + begin, len) != 0 || path[begin + len] != '/')
            break;
        depth++;
    }
    return depth;
}

/* O_DIRECTORY reports ENOTDIR for a link too: this distinguishes the two. */
static void name_link(int parent, const char *name)
{
    struct stat is;
    if (errno == ENOTDIR)
        errno = fstatat(parent, name, &is, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(is.st_mode)
                    ? ELOOP
                    : ENOTDIR;
}

static int open_one(struct subdirs *subdirs, int parent, const char *name, bool make)
{
    /* fsync(2) needs a descriptor that is open for reading. */
    const int flags = (subdirs->durable ? O_RDONLY : O_PATH) | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    bool *made = &subdirs->made[subdirs->depth];
    int fd = make && *made ? -1 : openat(parent, name, flags);
    if (fd < 0 && make && (*made || errno == ENOENT)) {
        *made = mkdirat(parent, name, 0777) == 0;
        /* EEXIST: it exists after all, or another run was faster. */
        if (!*made && errno != EEXIST)
            return -1;
        if (subdirs->durable && fsync(parent) != 0)
            return -1;
        fd = openat(parent, name, flags);
    }
    if (fd < 0)
        name_link(parent, name);
    return fd;
}

int subdirs_open(struct subdirs *subdirs, const char *path, bool make, size_t *where)
{
    size_t depth = shared_depth(subdirs, path);
    close_from(subdirs, depth);
    int fd = depth > 0 ? subdirs->level[depth - 1].fd : subdirs->root;
    size_t begin = depth > 0 ? subdirs->level[depth - 1].end + 1 : 0;
    for (const char *slash; (slash = strchr(path + begin, '/')) != NULL;) {
        char *name = subdirs->path + begin;
        size_t end = (size_t)(slash - path);
        memcpy(name, path + begin, end - begin);
        name[end - begin] = '\0';
        *where = end;
        fd = open_one(subdirs, fd, name, make);
        if (fd < 0)
            return -1;
        subdirs->level[subdirs->depth].fd = fd;
        subdirs->level[subdirs->depth].begin = begin;
        subdirs->level[subdirs->depth++].end = end;
        begin = end + 1;
    }
    return fd;
}
