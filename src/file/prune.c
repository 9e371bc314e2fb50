#include "config.h"

#include "base/decoder.h"
#include "file/prune.h"
#include "filter/path_date.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    DAY = 86400,
    WESTMOST =
        12 * 3600, /* the zone of a day in a path is not known: the day ends last at UTC-12 */
    FILE_MAX = 256 * 1048576, /* bytes of the largest file that is read to find its event's time */
    ABANDONED = 3600, /* seconds after which an empty directory is no longer expected to be used */
    BATCH = 512,      /* files that are announced together */
    BATCH_BYTES = 256 * 1024,
};

/* Old files of one directory, which are announced and then removed. */
struct prune_batch {
    size_t count, used;
    size_t name[BATCH]; /* the offsets of their paths in the text */
    char text[BATCH_BYTES];
};

static void problem(struct prune *prune, const char *why)
{
    prune->problem(prune->context, prune->path, why);
}

/* Announces and removes the files of the batch, which are in the open directory.  The walk's path
 * is the directory's.  True if all are removed. */
static bool remove_batch(struct prune *prune, int directory)
{
    struct prune_batch *batch = prune->batch;
    bool all = true;
    size_t prefix = prune->path_len > 0 ? prune->path_len + 1 : 0;
    if (batch->count > 0 && !prune->ended &&
        !prune->announce(prune->context, (struct span){batch->text, batch->used}))
        prune->ended = true;
    for (size_t i = 0; i < batch->count && !prune->ended; i++) {
        char *path = batch->text + batch->name[i];
        *strchr(path, '\n') = '\0';
        if (prune->dry_run || unlinkat(directory, path + prefix, 0) == 0 || errno == ENOENT) {
            prune->removed++;
            continue;
        }
        all = false;
        prune->failed++;
        prune->problem(prune->context, path, strerror(errno));
    }
    all = all && !prune->ended;
    batch->count = batch->used = 0;
    return all;
}

/* Reads the file's text into memory that the caller frees.  False with a reason. */
static bool read_file(int fd, char **bytes, size_t *len, struct reason *reason)
{
    struct decoder decoder = {.begun = false};
    size_t size = 64 * 1024;
    ssize_t n = 0;
    bool whole = true;
    *len = 0;
    *bytes = malloc(size);
    if (*bytes == NULL)
        return reason_set(reason, "%s", strerror(ENOMEM));
    while (whole && (n = decoder_read(&decoder, fd, *bytes + *len, size - *len, reason)) > 0) {
        *len += (size_t)n;
        if (size - *len >= SNIFF_ENOUGH)
            continue;
        char *grown = size < FILE_MAX ? realloc(*bytes, 2 * size) : NULL;
        if (grown != NULL) {
            *bytes = grown;
            size *= 2;
        } else {
            whole = reason_set(reason, "it is too large to be searched for an event's time");
        }
    }
    if (n == -1)
        reason_set(reason, "%s", strerror(errno));
    decoder_free(&decoder);
    return whole && n == 0;
}

/* The time of the one event in the file.  False with a reason. */
static bool event_time_of_file(struct prune *prune, int directory, const char *name,
                               int64_t *seconds, struct reason *reason)
{
    struct event event;
    struct timestamp time;
    struct reason why;
    char *bytes = NULL;
    size_t len;
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return reason_set(reason, "%s", strerror(errno));
    bool found = false;
    if (!read_file(fd, &bytes, &len, &why))
        reason_set(reason, "no date in its path, and %.400s", why.text);
    else if (!event_read_record(&prune->json, (struct span){bytes, len}, 0, NULL, NULL, &event,
                                &why) ||
             event.kind == EVENT_UNKNOWN)
        reason_set(reason, "no date in its path, and it is not a single audit event");
    else if (!event_time(&event, &time, &why))
        reason_set(reason, "no date in its path, and %.400s", why.text);
    else
        found = true;
    if (found)
        *seconds = time.seconds;
    free(bytes);
    close(fd);
    return found;
}

/* Whether the file, whose path is the walk's, is old. */
static bool is_old(struct prune *prune, int directory, const char *name)
{
    struct reason reason;
    int64_t end;
    if (path_date((struct span){prune->path, prune->path_len}, &end)) {
        end += DAY + WESTMOST;
    } else if (!event_time_of_file(prune, directory, name, &end, &reason)) {
        prune->undated++;
        problem(prune, reason.text);
        return false;
    }
    if (end <= prune->before)
        return true;
    prune->kept++;
    return false;
}

/* Appends a component to the walk's path.  False: it would be too long. */
static bool enter(struct prune *prune, const char *name)
{
    size_t len = strlen(name), slash = prune->path_len > 0;
    if (prune->path_len + slash + len > PRUNE_PATH_MAX)
        return false;
    if (slash)
        prune->path[prune->path_len++] = '/';
    memcpy(prune->path + prune->path_len, name, len + 1);
    prune->path_len += len;
    return true;
}

static void leave(struct prune *prune, size_t len)
{
    prune->path_len = len;
    prune->path[len] = '\0';
}

/* Handles a file whose path is the walk's: adds it to the batch if it is old.  True if it is. */
static bool handle_file(struct prune *prune, int directory, const char *name)
{
    struct prune_batch *batch = prune->batch;
    if (strchr(prune->path, '\n') != NULL) {
        prune->undated++;
        problem(prune, "a line break is in its path");
        return false;
    }
    if (!is_old(prune, directory, name))
        return false;
    batch->name[batch->count++] = batch->used;
    memcpy(batch->text + batch->used, prune->path, prune->path_len);
    batch->used += prune->path_len;
    batch->text[batch->used++] = '\n';
    return true;
}

static bool batch_is_full(const struct prune_batch *batch)
{
    return batch->count == BATCH || batch->used + PRUNE_PATH_MAX + 2 > BATCH_BYTES;
}

/* The type of a directory entry, as d_type has it. */
static unsigned char type_of(int directory, const struct dirent *entry)
{
    struct stat is;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type;
    if (fstatat(directory, entry->d_name, &is, AT_SYMLINK_NOFOLLOW) != 0)
        return DT_UNKNOWN;
    return S_ISDIR(is.st_mode) ? DT_DIR : S_ISREG(is.st_mode) ? DT_REG : DT_LNK;
}

/* Whether the walk's path, an empty directory, may be removed: its day is over, or an interrupted
 * run emptied it.  A directory that was made just now is about to be used. */
static bool is_abandoned(const struct prune *prune, int fd)
{
    struct stat is;
    int64_t day;
    if (path_date((struct span){prune->path, prune->path_len}, &day))
        return day + DAY + WESTMOST <= prune->before;
    return fstat(fd, &is) == 0 && is.st_mtime < time(NULL) - ABANDONED;
}

static bool walk(struct prune *prune, int fd, unsigned depth);

/* Walks the directory whose path is the walk's, and removes it if it is empty then.  True if it is
 * gone. */
static bool handle_directory(struct prune *prune, int parent, const char *name, unsigned depth)
{
    int fd = -1;
    if (depth == PRUNE_DEPTH)
        errno = ELOOP;
    else
        fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        prune->failed++;
        problem(prune, strerror(errno));
        return false;
    }
    if (!walk(prune, fd, depth + 1))
        return false;
    if (!prune->dry_run && unlinkat(parent, name, AT_REMOVEDIR) != 0) {
        /* Another process may have stored something there in the meantime. */
        if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT) {
            prune->failed++;
            problem(prune, strerror(errno));
        }
        return false;
    }
    prune->directories++;
    return true;
}

/* One entry of the open directory.  True if it is gone, or will be with its batch. */
static bool handle_entry(struct prune *prune, int fd, const struct dirent *entry, unsigned depth)
{
    size_t len = prune->path_len;
    bool gone = false;
    if (!enter(prune, entry->d_name)) {
        prune->failed++;
        problem(prune, "the path of what is in it is too long");
        return false;
    }
    unsigned char type = type_of(fd, entry);
    if (type == DT_DIR)
        gone = handle_directory(prune, fd, entry->d_name, depth);
    else if (type == DT_REG && entry->d_name[0] != '.')
        gone = handle_file(prune, fd, entry->d_name);
    else
        prune->left++;
    leave(prune, len);
    return gone;
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Walks an open directory, and closes it.  True if it is empty afterwards and may be removed. */
static bool walk(struct prune *prune, int fd, unsigned depth)
{
    DIR *directory = fdopendir(fd);
    const struct dirent *entry;
    size_t entries = 0, gone = 0;
    bool removed = true;
    if (directory == NULL) {
        close(fd);
        prune->failed++;
        problem(prune, strerror(errno));
        return false;
    }
    while (!prune->ended && (errno = 0, entry = readdir(directory)) != NULL) {
        if (is_dots(entry->d_name))
            continue;
        entries++;
        /* The files of the batch are in this directory: they are removed before another one is
         * walked. */
        if (prune->batch->count > 0 && type_of(fd, entry) == DT_DIR)
            removed &= remove_batch(prune, fd);
        gone += handle_entry(prune, fd, entry, depth);
        if (batch_is_full(prune->batch))
            removed &= remove_batch(prune, fd);
        if (prune->stop(prune->context))
            prune->ended = true;
    }
    if (errno != 0 && !prune->ended) {
        prune->failed++;
        problem(prune, strerror(errno));
        removed = false;
    }
    removed &= remove_batch(prune, fd);
    bool empty =
        removed && !prune->ended && gone == entries && (entries > 0 || is_abandoned(prune, fd));
    closedir(directory);
    return empty;
}

bool prune_directory(struct prune *prune, const char *directory, struct reason *reason)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return reason_set(reason, "%s: %s", directory, strerror(errno));
    prune->batch = malloc(sizeof *prune->batch);
    if (prune->batch == NULL) {
        close(fd);
        return reason_set(reason, "%s", strerror(ENOMEM));
    }
    prune->batch->count = prune->batch->used = 0;
    walk(prune, fd, 0);
    free(prune->batch);
    return true;
}
