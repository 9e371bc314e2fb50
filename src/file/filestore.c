#include "config.h"

#include "file/filestore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

bool filestore_open(struct filestore *store, const char *directory, struct reason *reason)
{
    store->name = directory;
    store->must_link = false;
    store->dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store->dir < 0 && errno == ENOENT)
        return reason_set(reason, "%s: %s; make it first: mkdir -p %s", directory, strerror(ENOENT),
                          directory);
    if (store->dir < 0)
        return reason_set(reason, "%s: %s", directory, strerror(errno));
    subdirs_begin(&store->subdirs, store->dir, store->sync_each);
    if (staging_open(&store->staging, store->dir))
        return true;
    reason_set(reason, "%s: cannot write there: %s", directory, strerror(errno));
    close(store->dir);
    return false;
}

static bool has_control(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        /* U+0080 to U+009F are C2 80 to C2 9F in UTF-8. */
        if (byte < 0x20 || byte == 0x7f ||
            (byte == 0xc2 && i + 1 < text.len && (unsigned char)text.at[i + 1] < 0xa0))
            return true;
    }
    return false;
}

static bool may_be_component(struct span name, struct reason *reason)
{
    if (name.len == 0)
        return reason_set(reason, "the path has an empty component");
    if (span_equal(name, SPAN(".")) || span_equal(name, SPAN("..")))
        return reason_set(reason, "the path has a component \"%.*s\"", (int)name.len, name.at);
    if (name.len >= sizeof STAGING_PREFIX - 1 &&
        memcmp(name.at, STAGING_PREFIX, sizeof STAGING_PREFIX - 1) == 0)
        return reason_set(reason, "the path has a component " STAGING_PREFIX
                                  "..., which is for our temporary files");
    return true;
}

bool filestore_may_name(struct span path, struct reason *reason)
{
    if (path.len == 0)
        return reason_set(reason, "the path is empty");
    if (path.len > SUBDIRS_PATH_MAX)
        return reason_set(reason, "the path is longer than %d bytes", SUBDIRS_PATH_MAX);
    if (path.at[0] == '/')
        return reason_set(reason, "the path is absolute");
    if (has_control(path))
        return reason_set(reason, "the path has a control character");
    const char *from = path.at;
    for (const char *slash; (slash = memchr(from, '/', (size_t)(span_end(path) - from))) != NULL;
         from = slash + 1)
        if (!may_be_component(span_between(from, slash), reason))
            return false;
    return may_be_component(span_between(from, span_end(path)), reason);
}

/* Whether the error is the one file's: its name, or what stands in its way. */
static bool is_of_one_file(int error)
{
    static const int errors[] = {EINVAL, ENAMETOOLONG, EEXIST, ENOTDIR, ELOOP,  EISDIR,
                                 EXDEV,  ENOTEMPTY,    EFBIG,  EILSEQ,  EMLINK, EOVERFLOW};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (errors[i] == error)
            return true;
    return false;
}

static const char *error_text(int error)
{
    switch (error) {
    case ELOOP:
        return "is a symbolic link; none is followed";
    case ENOTDIR:
        return "is not a directory";
    case EISDIR:
        return "is a directory";
    case EXDEV:
        return "is on another file system; run audit-fileput on that one";
    default:
        return strerror(error);
    }
}

/* What the error in errno, which stays, means, and the reason: the path, or its first bytes, and
 * the error. */
static enum filestore_result say_error(const struct filestore *store, struct span path,
                                       struct reason *reason)
{
    int error = errno;
    struct printable name;
    diag_printable(path, &name);
    reason_set(reason, "%s/%s: %s", store->name, name.text, error_text(error));
    errno = error;
    return is_of_one_file(error) ? FILESTORE_REJECTED : FILESTORE_FAILED;
}

static const char *last_component(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

struct slot_name {
    char text[12];
};

static const char *slot_name(unsigned slot, struct slot_name *name)
{
    snprintf(name->text, sizeof name->text, "%u", slot);
    return name->text;
}

/* With no_overwrite something is there: a file that may stay, or something in the way.  Answers
 * with errno as it then must be. */
static bool is_file(int dir, const char *name)
{
    struct stat is;
    if (fstatat(dir, name, &is, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    if (S_ISREG(is.st_mode))
        return true;
    errno = S_ISDIR(is.st_mode) ? EISDIR : S_ISLNK(is.st_mode) ? ELOOP : EEXIST;
    return false;
}

/* Looks whether the path is there, before anything is written for it. */
static enum filestore_result look(struct filestore *store, const char *path, struct reason *reason)
{
    size_t where;
    int dir = subdirs_open(&store->subdirs, path, false, &where);
    if (dir >= 0 && is_file(dir, last_component(path)))
        return FILESTORE_EXISTS;
    if (errno == ENOENT)
        return FILESTORE_DONE;
    return say_error(store, (struct span){path, dir < 0 ? where : strlen(path)}, reason);
}

static bool write_all(int fd, struct span bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.at, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        bytes.at += n;
        bytes.len -= (size_t)n;
    }
    return true;
}

static bool write_file(const struct filestore *store, const char *name, struct span bytes)
{
    int fd =
        openat(store->staging.fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return false;
    bool written = write_all(fd, bytes) && (!store->sync_each || fsync(fd) == 0);
    int error = errno;
    if (close(fd) != 0 && written) {
        written = false;
        error = errno;
    }
    if (!written)
        unlinkat(store->staging.fd, name, 0);
    errno = error;
    return written;
}

enum filestore_result filestore_stage(struct filestore *store, unsigned slot, const char *path,
                                      struct span bytes, struct reason *reason)
{
    struct slot_name name;
    if (store->no_overwrite) {
        enum filestore_result result = look(store, path, reason);
        if (result != FILESTORE_DONE)
            return result;
    }
    if (write_file(store, slot_name(slot, &name), bytes))
        return FILESTORE_DONE;
    return say_error(store, span_of(path), reason);
}

bool filestore_sync(struct filestore *store, struct reason *reason)
{
    if (syncfs(store->staging.fd) == 0)
        return true;
    return reason_set(reason, "%s: %s", store->name, strerror(errno));
}

/* rename(2) that leaves what is there alone. */
static bool rename_new(struct filestore *store, const char *staged, int dir, const char *name)
{
    int staging = store->staging.fd;
    if (!store->must_link) {
        if (renameat2(staging, staged, dir, name, RENAME_NOREPLACE) == 0)
            return true;
        if (errno != EINVAL && errno != ENOSYS)
            return false;
        store->must_link = true;
    }
    return linkat(staging, staged, dir, name, 0) == 0 && unlinkat(staging, staged, 0) == 0;
}

static bool rename_staged(struct filestore *store, const char *staged, int dir, const char *name)
{
    if (store->no_overwrite)
        return rename_new(store, staged, dir, name);
    return renameat(store->staging.fd, staged, dir, name) == 0;
}

/* Once: opens the directories, renames, and syncs if that is asked for. */
static enum filestore_result try_place(struct filestore *store, const char *staged,
                                       const char *path, struct reason *reason)
{
    size_t where;
    int dir = subdirs_open(&store->subdirs, path, true, &where);
    if (dir < 0)
        return say_error(store, (struct span){path, where}, reason);
    const char *name = last_component(path);
    if (rename_staged(store, staged, dir, name) && (!store->sync_each || fsync(dir) == 0))
        return FILESTORE_DONE;
    if (store->no_overwrite && errno == EEXIST && is_file(dir, name))
        return FILESTORE_EXISTS;
    return say_error(store, span_of(path), reason);
}

enum filestore_result filestore_place(struct filestore *store, unsigned slot, const char *path,
                                      struct reason *reason)
{
    struct slot_name name;
    slot_name(slot, &name);
    enum filestore_result result = try_place(store, name.text, path, reason);
    if (result == FILESTORE_FAILED && errno == ENOENT) {
        /* A directory that was kept open is no more: somebody tidies up. */
        filestore_rest(store);
        result = try_place(store, name.text, path, reason);
    }
    if (result == FILESTORE_EXISTS || result == FILESTORE_REJECTED)
        unlinkat(store->staging.fd, name.text, 0);
    return result;
}

void filestore_rest(struct filestore *store)
{
    subdirs_close(&store->subdirs);
}

bool filestore_close(struct filestore *store, struct reason *reason)
{
    filestore_rest(store);
    bool closed = staging_close(&store->staging);
    if (!closed)
        reason_set(reason, "%s/%s: %s; remove it", store->name, store->staging.name,
                   strerror(errno));
    close(store->dir);
    return closed;
}
