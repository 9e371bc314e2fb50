#include "config.h"

#include "base/clock.h"
#include "base/write_all.h"
#include "spool/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BUFFER = 256 * 1024,
    EARLY = 1024 * 1024,   /* bytes after which the disk is told to start writing */
    RECOUNT = 1000000,     /* microseconds after which the spool's size is counted again */
    RECOUNT_FULL = 100000, /* the same, while it is full */
};

static bool fits(const struct spool_limit *limit, uint64_t bytes)
{
    return limit->used <= limit->max && bytes <= limit->max - limit->used;
}

static bool say_full(const struct segment *segment, struct reason *reason)
{
    return reason_set(reason, "%s: the spool is full (--max-size)", segment->spool->name);
}

/* Whether the spool has room for that many more bytes; false with a reason.  Counts the files again
 * if the last count is more than a second old, or a tenth of a second if the bytes did not fit:
 * other writers' bytes are noticed within a second.  Bytes that the segment has not written yet are
 * in no file. */
static bool has_room(const struct segment *segment, uint64_t bytes, struct reason *reason)
{
    struct reason why;
    struct spool_limit *limit = segment->limit;
    if (limit == NULL || limit->max == 0)
        return true;
    int64_t now = clock_now();
    bool fit = limit->counted != 0 && fits(limit, bytes);
    if (limit->counted != 0 && now - limit->counted < (fit ? RECOUNT : RECOUNT_FULL))
        return fit || say_full(segment, reason);
    limit->counted = 0;
    if (!spooldir_bytes(segment->spool, &limit->used, &why))
        return reason_set(reason, "%s: it counts as full (--max-size)", why.text);
    limit->counted = now;
    limit->used += segment->used;
    return fits(limit, bytes) || say_full(segment, reason);
}

void segment_begin(struct segment *segment, const struct spooldir *spool, struct spool_limit *limit)
{
    *segment = (struct segment){.spool = spool, .limit = limit, .fd = -1};
}

/* Resets to the begun state, but keeps the buffer. */
static void reset(struct segment *segment)
{
    segment->fd = -1;
    segment->used = 0;
    segment->bytes = segment->lines = 0;
    segment->kept = segment->kept_lines = segment->begun = 0;
}

/* Removes what was written after the last segment_keep().  If that fails, the file is closed as it
 * is: its lock is then free, and recovery publishes its whole lines. */
static void truncate_to_kept(struct segment *segment)
{
    off_t kept = (off_t)segment->kept;
    segment->used = 0;
    segment->bytes = segment->kept;
    segment->lines = segment->kept_lines;
    if (ftruncate(segment->fd, kept) == 0 && lseek(segment->fd, kept, SEEK_SET) == kept)
        return;
    close(segment->fd);
    reset(segment);
}

void segment_abandon(struct segment *segment)
{
    if (segment->limit != NULL)
        segment->limit->counted = 0;
    if (segment->kept > 0) {
        truncate_to_kept(segment);
        return;
    }
    if (segment->fd >= 0) {
        unlinkat(segment->spool->place[SPOOL_TMP], segment->name, 0);
        close(segment->fd);
    }
    reset(segment);
}

void segment_end(struct segment *segment)
{
    segment_abandon(segment);
    if (segment->fd >= 0)
        close(segment->fd);
    reset(segment);
    free(segment->buffer);
    segment->buffer = NULL;
}

/* Says what failed (errno) with the segment's file in that place, and abandons the segment. */
static bool fail(struct segment *segment, enum spool_place place, struct reason *reason)
{
    segment->error = errno;
    reason_set(reason, "%s/%s/%s: %s", segment->spool->name, spooldir_place_name(place),
               segment->name, strerror(segment->error));
    segment_abandon(segment);
    return false;
}

/* Locks the new file.  False: a process that recovers files of killed writers was faster, and has
 * taken it for one. */
static bool lock_new(const struct segment *segment)
{
    struct stat is, named;
    /* On a file system without locks no other process can take it. */
    if (flock(segment->fd, LOCK_EX | LOCK_NB) != 0)
        return errno != EWOULDBLOCK;
    return fstat(segment->fd, &is) == 0 &&
           fstatat(segment->spool->place[SPOOL_TMP], segment->name, &named, AT_SYMLINK_NOFOLLOW) ==
               0 &&
           named.st_ino == is.st_ino;
}

/* Makes the file in tmp/.  False with errno set. */
static bool make_file(struct segment *segment)
{
    enum { TRIES = 100 };
    if (segment->buffer == NULL && (segment->buffer = malloc(BUFFER)) == NULL) {
        errno = ENOMEM;
        return false;
    }
    for (int i = 0; i < TRIES; i++) {
        spooldir_new_name(segment->name);
        int fd = openat(segment->spool->place[SPOOL_TMP], segment->name,
                        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST)
            return false;
        if (fd < 0)
            continue;
        segment->fd = fd;
        if (lock_new(segment))
            return true;
        close(fd);
        segment->fd = -1;
    }
    errno = EEXIST;
    return false;
}

/* Lets the disk write while further lines are read, so that the sync at the end takes less time.
 * Errors do no harm. */
static void begin_early(struct segment *segment, uint64_t written)
{
    if (!segment->early || written < segment->begun + EARLY)
        return;
    sync_file_range(segment->fd, (off_t)segment->begun, (off_t)(written - segment->begun),
                    SYNC_FILE_RANGE_WRITE);
    segment->begun = written;
}

static bool write_buffer(struct segment *segment)
{
    bool written = write_all(segment->fd, (struct span){segment->buffer, segment->used});
    segment->used = 0;
    if (written)
        begin_early(segment, segment->bytes);
    return written;
}

static bool put(struct segment *segment, struct span lines)
{
    if (segment->fd < 0 && !make_file(segment))
        return false;
    if (lines.len > BUFFER - segment->used && !write_buffer(segment))
        return false;
    if (lines.len >= BUFFER)
        return write_all(segment->fd, lines);
    memcpy(segment->buffer + segment->used, lines.at, lines.len);
    segment->used += lines.len;
    return true;
}

enum segment_result segment_append(struct segment *segment, struct span lines,
                                   struct reason *reason)
{
    segment->error = 0;
    if (!has_room(segment, lines.len, reason))
        return SEGMENT_FULL;
    if (!put(segment, lines)) {
        fail(segment, SPOOL_TMP, reason);
        return SEGMENT_FAILED;
    }
    segment->bytes += lines.len;
    segment->lines++;
    if (segment->limit != NULL)
        segment->limit->used += lines.len;
    return SEGMENT_OK;
}

bool segment_flush(struct segment *segment, bool sync, struct reason *reason)
{
    segment->error = 0;
    if (segment->fd < 0)
        return true;
    if (write_buffer(segment) && (!sync || fsync(segment->fd) == 0))
        return true;
    return fail(segment, SPOOL_TMP, reason);
}

bool segment_sync_failed(struct segment *segment, int error, struct reason *reason)
{
    errno = error;
    return fail(segment, SPOOL_TMP, reason);
}

bool segment_keep(struct segment *segment, bool sync, struct reason *reason)
{
    segment->error = 0;
    if (segment->bytes == segment->kept)
        return true;
    if (!write_buffer(segment) || (sync && fdatasync(segment->fd) != 0) ||
        (sync && segment->kept == 0 && fsync(segment->spool->place[SPOOL_TMP]) != 0))
        return fail(segment, SPOOL_TMP, reason);
    segment->kept = segment->bytes;
    segment->kept_lines = segment->lines;
    return true;
}

/* The file stays locked until it is in its place, and is then closed. */
bool segment_publish(struct segment *segment, struct reason *reason)
{
    enum { TRIES = 100 };
    segment->error = 0;
    if (segment->fd < 0)
        return true;
    int tmp = segment->spool->place[SPOOL_TMP], new = segment->spool->place[SPOOL_NEW];
    char name[SPOOL_NAME];
    memcpy(name, segment->name, sizeof name);
    bool renamed = spooldir_rename_new(tmp, segment->name, new, name);
    /* Another process with the same number, in another container for example, has used the name. */
    for (int i = 0; !renamed && errno == EEXIST && i < TRIES; i++) {
        spooldir_new_name(name);
        renamed = spooldir_rename_new(tmp, segment->name, new, name);
    }
    if (!renamed)
        return fail(segment, SPOOL_NEW, reason);
    int fd = segment->fd;
    reset(segment);
    /* The data is synced: an error of close(2) cannot affect it. */
    close(fd);
    return true;
}

bool segment_sync_directory(const struct spooldir *spool, struct reason *reason)
{
    if (fsync(spool->place[SPOOL_NEW]) == 0)
        return true;
    return reason_set(reason, "%s/new: %s", spool->name, strerror(errno));
}

bool segment_commit_synced(struct segment *segment, struct reason *reason)
{
    if (segment->fd < 0)
        return true;
    if (!segment_publish(segment, reason))
        return false;
    if (segment_sync_directory(segment->spool, reason))
        return true;
    segment->error = errno;
    return false;
}

bool segment_commit(struct segment *segment, struct reason *reason)
{
    return segment_flush(segment, true, reason) && segment_commit_synced(segment, reason);
}
