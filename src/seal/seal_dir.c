#include "config.h"

#include "base/read_all.h"
#include "base/write_all.h"
#include "seal/seal_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Sets the reason to "SEALS/NAME: WHY", from errno. */
static bool failed(const struct seal_dir *dir, const char *name, struct reason *reason)
{
    return reason_set(reason, "%s/%s: %s", dir->name, name, strerror(errno));
}

bool seal_dir_open(struct seal_dir *dir, const char *name, struct reason *reason)
{
    *dir = (struct seal_dir){.name = name, .lock = -1};
    dir->fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir->fd >= 0)
        return true;
    struct printable shown;
    return reason_set(reason, "%s: %s", diag_printable(span_of(name), &shown), strerror(errno));
}

void seal_dir_close(struct seal_dir *dir)
{
    if (dir->lock >= 0)
        close(dir->lock);
    if (dir->fd >= 0)
        close(dir->fd);
    dir->fd = dir->lock = -1;
}

bool seal_dir_lock(struct seal_dir *dir, struct reason *reason)
{
    char text[24];
    int fd = openat(dir->fd, ".lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return failed(dir, ".lock", reason);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int error = errno;
        ssize_t len = read_at(fd, text, sizeof text - 1, 0);
        text[len > 0 ? len : 0] = '\0';
        close(fd);
        if (error != EWOULDBLOCK)
            return reason_set(reason, "%s/.lock: %s", dir->name, strerror(error));
        long pid = strtol(text, NULL, 10);
        if (pid <= 0)
            return reason_set(reason, "%s: another process writes seals there", dir->name);
        return reason_set(reason, "%s: process %ld writes seals there", dir->name, pid);
    }
    dir->lock = fd;
    /* The number only helps to find the process: the lock does not depend on it. */
    int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len)
        return failed(dir, ".lock", reason);
    return true;
}

static bool add(struct seal_list *list, uint32_t number, unsigned has)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity > 0 ? 2 * list->capacity : 256;
        struct seal_listed *item = realloc(list->item, capacity * sizeof *item);
        if (item == NULL)
            return false;
        list->item = item;
        list->capacity = capacity;
    }
    list->item[list->count++] = (struct seal_listed){number, has};
    return true;
}

static int by_number(const void *a, const void *b)
{
    const struct seal_listed *left = a, *right = b;
    return (left->number > right->number) - (left->number < right->number);
}

/* Sorts the names, and combines those with the same number into one item. */
static void arrange(struct seal_list *list)
{
    size_t kept = 0;
    if (list->count > 0)
        qsort(list->item, list->count, sizeof *list->item, by_number);
    for (size_t i = 0; i < list->count; i++) {
        if (kept > 0 && list->item[kept - 1].number == list->item[i].number)
            list->item[kept - 1].has |= list->item[i].has;
        else
            list->item[kept++] = list->item[i];
    }
    list->count = kept;
}

static bool ends_with(struct span name, const char *suffix)
{
    size_t len = strlen(suffix);
    return name.len >= len && memcmp(span_end(name) - len, suffix, len) == 0;
}

bool seal_dir_list(const struct seal_dir *dir, struct seal_list *list,
                   void (*stray)(void *context, const char *name), void *context,
                   struct reason *reason)
{
    static const struct {
        const char *suffix;
        unsigned has;
    } kind[] = {{".sha256", SEAL_HAS_FILE}, {".sig", SEAL_HAS_SIGNATURE}, {".tsr", SEAL_HAS_STAMP}};
    *list = (struct seal_list){0};
    int fd = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    if (stream == NULL) {
        reason_set(reason, "%s: %s", dir->name, strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    const struct dirent *entry;
    bool room = true;
    while (errno = 0, room && (entry = readdir(stream)) != NULL) {
        struct span name = span_of(entry->d_name);
        uint32_t number;
        if (name.at[0] == '.')
            continue;
        for (size_t i = 0; i < sizeof kind / sizeof *kind; i++) {
            if (seal_number_read(name, kind[i].suffix, &number))
                room = add(list, number, kind[i].has);
            else if (ends_with(name, kind[i].suffix) && stray != NULL)
                stray(context, entry->d_name);
        }
    }
    int error = room ? errno : ENOMEM;
    closedir(stream);
    if (error != 0) {
        seal_list_free(list);
        return reason_set(reason, "%s: %s", dir->name, strerror(error));
    }
    arrange(list);
    return true;
}

void seal_list_free(struct seal_list *list)
{
    free(list->item);
    *list = (struct seal_list){0};
}

uint32_t seal_list_newest(const struct seal_list *list)
{
    for (size_t i = list->count; i > 0; i--)
        if (list->item[i - 1].has & SEAL_HAS_FILE)
            return list->item[i - 1].number;
    return 0;
}

/* Reads to the end, at most SEAL_MAX + 1 bytes.  False with errno set. */
static bool read_seal(int fd, size_t size, struct span *bytes)
{
    /* One byte more, for the read that finds the end. */
    size_t capacity = size < SEAL_MAX ? size + 1 : SEAL_MAX + 1;
    char *buffer = malloc(capacity);
    if (buffer == NULL)
        return false;
    ssize_t len = read_all(fd, buffer, capacity);
    if (len < 0) {
        free(buffer);
        return false;
    }
    *bytes = (struct span){buffer, (size_t)len};
    return true;
}

static enum seal_load not_a_file(const struct seal_dir *dir, const char *name, const char *what,
                                 struct reason *reason)
{
    reason_set(reason, "%s/%s: %s", dir->name, name, what);
    return SEAL_NOT_A_FILE;
}

/* Reads the open file. */
static enum seal_load load(const struct seal_dir *dir, const char *name, int fd, struct span *bytes,
                           struct reason *reason)
{
    struct stat status;
    if (fstat(fd, &status) == 0) {
        if (!S_ISREG(status.st_mode))
            return not_a_file(dir, name, "not a regular file", reason);
        if (status.st_size > SEAL_MAX)
            return not_a_file(dir, name, "larger than a seal can be", reason);
        if (read_seal(fd, (size_t)status.st_size, bytes))
            return SEAL_LOADED;
    }
    failed(dir, name, reason);
    return SEAL_UNREADABLE;
}

enum seal_load seal_dir_load(const struct seal_dir *dir, const char *name, struct span *bytes,
                             struct reason *reason)
{
    *bytes = (struct span){NULL, 0};
    int fd = openat(dir->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return SEAL_ABSENT;
    if (fd < 0 && (errno == ELOOP || errno == ENXIO))
        return not_a_file(dir, name, "not a regular file", reason);
    if (fd < 0) {
        failed(dir, name, reason);
        return SEAL_UNREADABLE;
    }
    enum seal_load result = load(dir, name, fd, bytes, reason);
    close(fd);
    return result;
}

/* Writes the line for a seal whose bytes were read. */
static bool write_head(const struct seal_dir *dir, const char *name, struct span seal,
                       char line[SEAL_LINE_MAX], size_t *len, struct reason *reason)
{
    struct seal_reader reader;
    unsigned char digest[DIGEST_SIZE];
    if (!seal_read(&reader, seal))
        return reason_set(reason, "%s/%s:%zu: %s", dir->name, name, reader.line,
                          reader.reason.text);
    digest_sha256(seal, digest);
    *len = seal_previous_write(digest, reader.head.log, reader.head.number, line);
    return true;
}

bool seal_dir_head(const struct seal_dir *dir, char line[SEAL_LINE_MAX], size_t *len,
                   struct reason *reason)
{
    char name[SEAL_NAME_MAX];
    struct seal_list list;
    struct span seal;
    if (!seal_dir_list(dir, &list, NULL, NULL, reason))
        return false;
    uint32_t newest = seal_list_newest(&list);
    seal_list_free(&list);
    if (newest == 0)
        return reason_set(reason, "%s: there are no seals", dir->name);
    seal_name(newest, ".sha256", name);
    enum seal_load loaded = seal_dir_load(dir, name, &seal, reason);
    if (loaded == SEAL_ABSENT)
        return reason_set(reason, "%s/%s: %s", dir->name, name, strerror(ENOENT));
    bool good = loaded == SEAL_LOADED && write_head(dir, name, seal, line, len, reason);
    free((char *)seal.at);
    return good;
}

/* Writes and syncs a new file, which is removed again if that fails. */
static bool write_file(const struct seal_dir *dir, const char *name, struct span bytes,
                       struct reason *reason)
{
    if (unlinkat(dir->fd, name, 0) != 0 && errno != ENOENT)
        return failed(dir, name, reason);
    int fd = openat(dir->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return failed(dir, name, reason);
    bool good = write_all(fd, bytes) && fsync(fd) == 0;
    int error = errno;
    if (close(fd) != 0 && good) {
        good = false;
        error = errno;
    }
    if (good)
        return true;
    unlinkat(dir->fd, name, 0);
    errno = error;
    return failed(dir, name, reason);
}

static bool sync_dir(const struct seal_dir *dir, struct reason *reason)
{
    if (fsync(dir->fd) == 0)
        return true;
    return reason_set(reason, "%s: %s", dir->name, strerror(errno));
}

static bool rename_in(const struct seal_dir *dir, const char *from, const char *to,
                      struct reason *reason)
{
    return renameat(dir->fd, from, dir->fd, to) == 0 || failed(dir, to, reason);
}

bool seal_dir_place(const struct seal_dir *dir, uint32_t number, bool signature,
                    struct reason *reason)
{
    char name[SEAL_NAME_MAX];
    seal_name(number, ".sig", name);
    if (signature &&
        (!rename_in(dir, SEAL_PENDING_SIGNATURE, name, reason) || !sync_dir(dir, reason)))
        return false;
    seal_name(number, ".sha256", name);
    return rename_in(dir, SEAL_PENDING, name, reason) && sync_dir(dir, reason);
}

bool seal_dir_publish(const struct seal_dir *dir, uint32_t number, struct span seal,
                      struct span signature, struct reason *reason)
{
    struct reason ignored;
    if (write_file(dir, SEAL_PENDING, seal, reason) &&
        write_file(dir, SEAL_PENDING_SIGNATURE, signature, reason) && sync_dir(dir, reason) &&
        seal_dir_place(dir, number, true, reason))
        return true;
    /* If the seal has its final name already, only the last sync failed. */
    char name[SEAL_NAME_MAX];
    seal_name(number, ".sha256", name);
    if (faccessat(dir->fd, name, F_OK, 0) != 0)
        seal_dir_discard(dir, number, &ignored);
    return false;
}

bool seal_dir_discard(const struct seal_dir *dir, uint32_t number, struct reason *reason)
{
    char name[SEAL_NAME_MAX];
    seal_name(number, ".sig", name);
    const char *const names[] = {name, SEAL_PENDING, SEAL_PENDING_SIGNATURE};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (unlinkat(dir->fd, names[i], 0) != 0 && errno != ENOENT)
            return failed(dir, names[i], reason);
    return true;
}

bool seal_dir_put(const struct seal_dir *dir, const char *name, struct span bytes,
                  struct reason *reason)
{
    char temporary[64];
    snprintf(temporary, sizeof temporary, ".%s.%ld", name, (long)getpid());
    if (!write_file(dir, temporary, bytes, reason))
        return false;
    if (renameat(dir->fd, temporary, dir->fd, name) == 0)
        return sync_dir(dir, reason);
    int error = errno;
    unlinkat(dir->fd, temporary, 0);
    errno = error;
    return failed(dir, name, reason);
}
