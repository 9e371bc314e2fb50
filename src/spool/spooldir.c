#include "config.h"

#include "base/timestamp.h"
#include "spool/spooldir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const place_name[SPOOL_PLACES] = {
    [SPOOL_NEW] = "new",
    [SPOOL_TMP] = "tmp",
    [SPOOL_FAILED] = "failed",
    [SPOOL_WORK] = "work",
};

const char *spooldir_place_name(enum spool_place place)
{
    return place_name[place];
}

/* Opens a subdirectory, which is created if missing.  -1 with errno set. */
static int open_place(int dir, const char *name)
{
    enum { FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };
    int fd = openat(dir, name, FLAGS);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    if (mkdirat(dir, name, 0777) != 0 && errno != EEXIST)
        return -1;
    fd = openat(dir, name, FLAGS);
    if (fd >= 0 && fsync(dir) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static bool open_places(struct spooldir *spool, bool all, struct reason *reason)
{
    for (int i = 0; i < (all ? SPOOL_PLACES : SPOOL_FAILED); i++) {
        spool->place[i] = open_place(spool->dir, place_name[i]);
        if (spool->place[i] < 0)
            return reason_set(reason, "%s/%s: %s", spool->name, place_name[i], strerror(errno));
    }
    return true;
}

static bool say_open_error(const char *name, int at, struct reason *reason)
{
    struct stat is;
    if (errno == ENOENT)
        return reason_set(reason, "%s: %s; make it first: mkdir -p %s", name, strerror(ENOENT),
                          name);
    /* O_DIRECTORY reports ENOTDIR for a link as well. */
    if (errno == ENOTDIR && at != AT_FDCWD && fstatat(at, name, &is, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISLNK(is.st_mode))
        return reason_set(reason, "%s: is a symbolic link, which is not followed", name);
    return reason_set(reason, "%s: %s", name, strerror(errno));
}

bool spooldir_open(struct spooldir *spool, int at, const char *name, bool all,
                   struct reason *reason)
{
    int follow = at == AT_FDCWD ? 0 : O_NOFOLLOW;
    spool->name = name;
    spool->unopened = 0;
    for (int i = 0; i < SPOOL_PLACES; i++)
        spool->place[i] = -1;
    spool->dir = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | follow);
    if (spool->dir < 0)
        return say_open_error(name, at, reason);
    if (open_places(spool, all, reason))
        return true;
    spooldir_close(spool);
    return false;
}

void spooldir_close(struct spooldir *spool)
{
    for (int i = 0; i < SPOOL_PLACES; i++)
        if (spool->place[i] >= 0)
            close(spool->place[i]);
    close(spool->dir);
}

void spooldir_new_name(char name[SPOOL_NAME])
{
    static int64_t last; /* microseconds */
    static unsigned number;
    struct timestamp now = timestamp_now();
    int64_t micros = now.seconds * 1000000 + now.nanos / 1000;
    if (micros <= last)
        micros = last + 1;
    last = micros;
    struct civil c = timestamp_civil(micros / 1000000, 0);
    snprintf(name, SPOOL_NAME, "%04d%02d%02dT%02d%02d%02d.%06dZ-%ld-%u" SPOOL_SUFFIX, (int)c.year,
             c.month, c.day, c.hour, c.minute, c.second, (int)(micros % 1000000), (long)getpid(),
             ++number);
}

bool spooldir_name_time(const char *name, int64_t *seconds)
{
    int digits[6], end = 0;
    char text[32];
    struct timestamp time;
    if (sscanf(name, "%4d%2d%2dT%2d%2d%2d%n", &digits[0], &digits[1], &digits[2], &digits[3],
               &digits[4], &digits[5], &end) != 6 ||
        end != 15)
        return false;
    for (int i = 0; i < 6; i++)
        if (digits[i] < 0)
            return false;
    snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d UTC", digits[0] % 10000,
             digits[1] % 100, digits[2] % 100, digits[3] % 100, digits[4] % 100, digits[5] % 100);
    if (!timestamp_parse(span_of(text), &time))
        return false;
    *seconds = time.seconds;
    return true;
}

static bool has_suffix(const char *name, const char *suffix)
{
    size_t len = strlen(name), wanted = strlen(suffix);
    return name[0] != '.' && len > wanted && strcmp(name + len - wanted, suffix) == 0;
}

static bool is_regular(int place, const struct dirent *entry)
{
    struct stat is;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_REG;
    return fstatat(place, entry->d_name, &is, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(is.st_mode);
}

/* Opens the directory for reading its names; the place's own descriptor keeps its offset. */
static DIR *open_names(int place)
{
    int fd = openat(place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *names = fd < 0 ? NULL : fdopendir(fd);
    if (names == NULL && fd >= 0) {
        int error = errno;
        close(fd);
        errno = error;
    }
    return names;
}

static bool each_file(int place, const char *suffix, void (*call)(void *context, const char *name),
                      void *context)
{
    DIR *names = open_names(place);
    struct dirent *entry;
    if (names == NULL)
        return false;
    while (errno = 0, (entry = readdir(names)) != NULL)
        if (has_suffix(entry->d_name, suffix) && is_regular(place, entry))
            call(context, entry->d_name);
    int error = errno;
    closedir(names);
    errno = error;
    return error == 0;
}

bool spooldir_each(const struct spooldir *spool, enum spool_place place, const char *suffix,
                   void (*call)(void *context, const char *name), void *context)
{
    return spool->place[place] < 0 || each_file(spool->place[place], suffix, call, context);
}

struct size_count {
    int place;
    uint64_t bytes;
};

static void add_size(void *context, const char *name)
{
    struct size_count *count = context;
    struct stat is;
    if (fstatat(count->place, name, &is, AT_SYMLINK_NOFOLLOW) == 0)
        count->bytes += (uint64_t)is.st_size;
}

bool spooldir_bytes(const struct spooldir *spool, uint64_t *bytes, struct reason *reason)
{
    static const enum spool_place counted[] = {SPOOL_NEW, SPOOL_TMP, SPOOL_FAILED};
    *bytes = 0;
    for (size_t i = 0; i < sizeof counted / sizeof *counted; i++) {
        /* A writer does not open failed/ permanently, and does not create it. */
        struct size_count count = {
            openat(spool->dir, place_name[counted[i]],
                   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
            0,
        };
        if (count.place < 0 && errno == ENOENT)
            continue;
        bool read = count.place >= 0 && each_file(count.place, "", add_size, &count);
        int error = errno;
        if (count.place >= 0)
            close(count.place);
        if (!read)
            return reason_set(reason, "%s/%s: %s", spool->name, place_name[counted[i]],
                              strerror(error));
        *bytes += count.bytes;
    }
    return true;
}

bool spooldir_sync(const struct spooldir *spool, enum spool_place place)
{
    return fsync(spool->place[place]) == 0;
}

bool spooldir_rename_new(int from_dir, const char *from, int to_dir, const char *to)
{
    if (renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    /* This file system has no rename that keeps an existing file. */
    return linkat(from_dir, from, to_dir, to, 0) == 0 && unlinkat(from_dir, from, 0) == 0;
}
