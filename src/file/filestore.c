#include "config.h"

#include "base/options.h"
#include "base/write_all.h"
#include "file/filestore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <strings.h>
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
        return reason_set(reason, "%s: %s%s", directory, strerror(errno),
                          options_directory_hint(errno));
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
    /* Compared without regard to case: the file system may ignore case. */
    if (name.len >= sizeof STAGING_PREFIX - 1 &&
        strncasecmp(name.at, STAGING_PREFIX, sizeof STAGING_PREFIX - 1) == 0)
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

/* Whether the error concerns only this file: its name, or something that blocks its path. */
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
        return "is a symbolic link, which is not followed";
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

/* Maps errno, which is kept, to a result, and sets the reason: the path, or its first bytes, and
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

/* Whether the open file has exactly these bytes.  False with errno set: it cannot be read, or 0. */
static bool has_bytes(int fd, struct span bytes)
{
    char buffer[64 * 1024];
    for (;;) {
        ssize_t n = read(fd, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        errno = 0;
        if (n == 0)
            return bytes.len == 0;
        if ((size_t)n > bytes.len || memcmp(buffer, bytes.at, (size_t)n) != 0)
            return false;
        bytes.at += n;
        bytes.len -= (size_t)n;
    }
}

enum presence { ABSENT, SAME, OTHER, IN_THE_WAY };

/* What exists under the name now: nothing, a file with the same bytes, another file or a link, or
 * something that cannot be replaced, with errno set. */
static enum presence compare(int dir, const char *name, struct span bytes)
{
    struct stat is;
    if (fstatat(dir, name, &is, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? ABSENT : IN_THE_WAY;
    if (S_ISLNK(is.st_mode)) {
        errno = ELOOP;
        return OTHER;
    }
    if (!S_ISREG(is.st_mode)) {
        errno = S_ISDIR(is.st_mode) ? EISDIR : EEXIST;
        return IN_THE_WAY;
    }
    errno = 0;
    if ((uintmax_t)is.st_size != bytes.len)
        return OTHER;
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ABSENT : IN_THE_WAY;
    bool same = has_bytes(fd, bytes);
    int error = errno;
    close(fd);
    errno = error;
    return same ? SAME : error != 0 ? IN_THE_WAY : OTHER;
}

/* The result for what compare() found, with errno as compare() has set it. */
static enum filestore_result say_presence(const struct filestore *store, enum presence presence,
                                          const char *path, struct reason *reason)
{
    struct printable name;
    switch (presence) {
    case ABSENT:
        return FILESTORE_DONE;
    case SAME:
        return FILESTORE_EXISTS;
    case OTHER:
        if (store->overwrite)
            return FILESTORE_REPLACED;
        if (errno == ELOOP)
            break;
        reason_set(reason,
                   "%s/%s: conflict: the file exists with other content (--overwrite replaces "
                   "it)",
                   store->name, diag_printable(span_of(path), &name));
        return FILESTORE_REJECTED;
    case IN_THE_WAY:
        break;
    }
    return say_error(store, span_of(path), reason);
}

/* Checks whether the path exists, before anything is written for it. */
static enum filestore_result find_present(struct filestore *store, const char *path,
                                          struct span bytes, struct reason *reason)
{
    size_t where;
    int dir = subdirs_open(&store->subdirs, path, false, &where);
    if (dir >= 0)
        return say_presence(store, compare(dir, last_component(path), bytes), path, reason);
    return errno == ENOENT ? FILESTORE_DONE : say_error(store, (struct span){path, where}, reason);
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
    /* With overwrite the existing file may still be replaced by one that is staged before this
     * one. */
    enum filestore_result result =
        store->overwrite ? FILESTORE_DONE : find_present(store, path, bytes, reason);
    if (result != FILESTORE_DONE)
        return result;
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

/* rename(2) that does not replace an existing file. */
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

/* Something exists under the name: the same bytes, a file to replace, or a conflict. */
static enum filestore_result place_over(struct filestore *store, const char *staged, int dir,
                                        const char *path, struct span bytes, struct reason *reason)
{
    const char *name = last_component(path);
    enum filestore_result result = say_presence(store, compare(dir, name, bytes), path, reason);
    if (result != FILESTORE_DONE && result != FILESTORE_REPLACED)
        return result;
    if (renameat(store->staging.fd, staged, dir, name) != 0)
        return say_error(store, span_of(path), reason);
    return result;
}

/* One attempt: opens the directories, renames, and syncs if required. */
static enum filestore_result try_place(struct filestore *store, const char *staged,
                                       const char *path, struct span bytes, struct reason *reason)
{
    size_t where;
    enum filestore_result result = FILESTORE_DONE;
    int dir = subdirs_open(&store->subdirs, path, true, &where);
    if (dir < 0)
        return say_error(store, (struct span){path, where}, reason);
    if (!rename_new(store, staged, dir, last_component(path)))
        result = errno == EEXIST ? place_over(store, staged, dir, path, bytes, reason)
                                 : say_error(store, span_of(path), reason);
    if (result <= FILESTORE_REPLACED && store->sync_each && fsync(dir) != 0)
        return say_error(store, span_of(path), reason);
    return result;
}

enum filestore_result filestore_place(struct filestore *store, unsigned slot, const char *path,
                                      struct span bytes, struct reason *reason)
{
    struct slot_name name;
    slot_name(slot, &name);
    enum filestore_result result = try_place(store, name.text, path, bytes, reason);
    if (result == FILESTORE_FAILED && errno == ENOENT) {
        /* A directory that was kept open has been removed, by a cleanup for example. */
        filestore_rest(store);
        result = try_place(store, name.text, path, bytes, reason);
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
