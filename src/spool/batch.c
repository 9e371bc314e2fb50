#include "config.h"

#include "base/read_all.h"
#include "base/write_all.h"
#include "spool/batch.h"
#include "spool/filelines.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    SCAN = 4096,  /* names read in one scan of the directory */
    PARTS = 1024, /* segments of one batch */
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void forget_names(struct backlog *backlog, size_t from)
{
    for (size_t i = from; i < backlog->count; i++)
        free(backlog->name[i]);
    backlog->count = from;
}

static void add_name(void *context, const char *name)
{
    struct backlog *backlog = context;
    if (strlen(name) >= SPOOL_NAME || strchr(name, '\n') != NULL)
        return;
    if (backlog->count == (size_t)2 * SCAN) {
        qsort(backlog->name, backlog->count, sizeof *backlog->name, by_name);
        forget_names(backlog, SCAN);
        backlog->more = true;
    }
    char *copy = strdup(name);
    if (copy == NULL)
        backlog->more = true;
    else
        backlog->name[backlog->count++] = copy;
}

/* Lists the oldest segments. */
static bool list_oldest(struct backlog *backlog, const struct spooldir *spool)
{
    forget_names(backlog, 0);
    backlog->next = 0;
    backlog->more = false;
    if (backlog->name == NULL &&
        (backlog->name = malloc((size_t)2 * SCAN * sizeof *backlog->name)) == NULL)
        return false;
    if (!spooldir_each(spool, SPOOL_NEW, SPOOL_SUFFIX, add_name, backlog))
        return false;
    qsort(backlog->name, backlog->count, sizeof *backlog->name, by_name);
    if (backlog->count > SCAN) {
        forget_names(backlog, SCAN);
        backlog->more = true;
    }
    if (backlog->count > 0 || !backlog->more)
        return true;
    errno = ENOMEM;
    return false;
}

void backlog_end(struct backlog *backlog)
{
    forget_names(backlog, 0);
    free(backlog->name);
    *backlog = (struct backlog){0};
}

void batch_end(struct batch *batch)
{
    if (batch->input >= 0)
        close(batch->input);
    if (batch->memory >= 0)
        close(batch->memory);
    if (batch->counting >= 0)
        close(batch->counting);
    line_macs_end(&batch->macs);
    free(batch->part);
    *batch = (struct batch){.spool = batch->spool, .input = -1, .memory = -1, .counting = -1};
}

/* Whether this errno of open(2) means that the segment was removed, or is not a file. */
static bool is_no_file(int error)
{
    return error == ENOENT || error == ELOOP || error == ENXIO;
}

static int open_segment(const struct spooldir *spool, const char *name)
{
    return openat(spool->place[SPOOL_NEW], name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

/* Determines the segment's size, and how it ends.  False with errno set. */
static bool measure(int fd, const struct stat *is, struct batch_part *part)
{
    char last = '\n';
    *part = (struct batch_part){.bytes = (uint64_t)is->st_size};
    ssize_t n = read_at(fd, &last, 1, is->st_size - 1);
    part->torn = last != '\n';
    return n >= 0;
}

static int64_t time_of(const struct stat *is)
{
    return (int64_t)is->st_mtim.tv_sec * 1000000000 + is->st_mtim.tv_nsec;
}

/* Sets the part's name and file. */
static void name_part(struct batch_part *part, const char *name, const struct stat *is)
{
    snprintf(part->name, sizeof part->name, "%s", name);
    part->file = is->st_ino;
    part->time = time_of(is);
}

static void add_part(struct batch *batch, const struct batch_part *part)
{
    batch->part[batch->parts++] = *part;
    batch->bytes += part->bytes;
}

/* Opens the next segment of the backlog; removes empty ones.  -1: none is left, with the reason if
 * one cannot be read. */
static int next_segment(const struct spooldir *spool, struct backlog *backlog, struct stat *is,
                        struct reason *reason)
{
    for (; backlog->next < backlog->count; backlog->next++) {
        const char *name = backlog->name[backlog->next];
        int fd = open_segment(spool, name);
        if (fd < 0 && is_no_file(errno))
            continue;
        if (fd < 0 || fstat(fd, is) != 0) {
            reason_set(reason, "%s/new/%s: %s", spool->name, name, strerror(errno));
            if (fd >= 0)
                close(fd);
            return -1;
        }
        if (S_ISREG(is->st_mode) && is->st_size > 0)
            return fd;
        if (S_ISREG(is->st_mode))
            unlinkat(spool->place[SPOOL_NEW], name, 0);
        close(fd);
    }
    return -1;
}

/* Joins following segments to the first one, as long as they are small enough. */
static void join(struct batch *batch, struct backlog *backlog, uint64_t limit)
{
    struct batch_part part;
    struct reason ignored;
    struct stat is;
    bool joined = true;
    while (joined && batch->parts < PARTS && batch->bytes < limit) {
        int fd = next_segment(batch->spool, backlog, &is, &ignored);
        if (fd < 0)
            break;
        joined = (uint64_t)is.st_size <= limit - batch->bytes && measure(fd, &is, &part);
        close(fd);
        if (joined) {
            name_part(&part, backlog->name[backlog->next++], &is);
            add_part(batch, &part);
        }
    }
    if (batch->parts > 1) {
        close(batch->input);
        batch->input = -1;
    }
}

bool batch_gather(struct batch *batch, const struct spooldir *spool, struct backlog *backlog,
                  uint64_t limit, struct reason *reason)
{
    struct batch_part part;
    struct stat is;
    *batch = (struct batch){.spool = spool, .input = -1, .memory = -1, .counting = -1};
    reason->text[0] = '\0';
    if (backlog->next >= backlog->count && !list_oldest(backlog, spool))
        return reason_set(reason, "%s/new: %s", spool->name, strerror(errno));
    int fd = next_segment(spool, backlog, &is, reason);
    if (fd < 0)
        return false;
    const char *name = backlog->name[backlog->next++];
    batch->input = fd;
    batch->part = malloc(PARTS * sizeof *batch->part);
    if (batch->part == NULL || !measure(fd, &is, &part)) {
        reason_set(reason, "%s/new/%s: %s", spool->name, name,
                   strerror(batch->part == NULL ? ENOMEM : errno));
        batch_end(batch);
        return false;
    }
    name_part(&part, name, &is);
    add_part(batch, &part);
    join(batch, backlog, limit);
    spooldir_new_name(batch->id);
    batch->id[strlen(batch->id) - (sizeof SPOOL_SUFFIX - 1)] = '\0';
    return true;
}

static void work_name(const struct batch *batch, const char *suffix, char name[SPOOL_NAME + 16])
{
    snprintf(name, SPOOL_NAME + 16, "%s.%s", batch->id, suffix);
}

/* Whether the disk has room for a batch's receipts, which may be as large as the batch. */
static bool has_room(const struct batch *batch)
{
    struct statvfs disk;
    return fstatvfs(batch->spool->place[SPOOL_WORK], &disk) != 0 ||
           disk.f_bavail >= (batch->bytes + (1 << 20)) / disk.f_frsize;
}

/* Writes the list of segments.  False with errno set. */
static bool write_list(const struct batch *batch, int fd)
{
    char line[SPOOL_NAME + 64];
    bool written = true;
    if (batch_key(batch) != NULL) {
        int n = snprintf(line, sizeof line, "key %s\n", batch->key);
        written = write_all(fd, (struct span){line, (size_t)n});
    }
    for (size_t i = 0; i < batch->parts && written; i++) {
        const struct batch_part *part = &batch->part[i];
        int n = snprintf(line, sizeof line, "%" PRIu64 " %zu %s\n", part->bytes, part->lines,
                         part->name);
        written = write_all(fd, (struct span){line, (size_t)n});
    }
    return written && write_all(fd, SPAN("end\n"));
}

/* Writes the list to a new file.  False with errno set. */
static bool write_record(const struct batch *batch, const char *suffix)
{
    char name[SPOOL_NAME + 16];
    work_name(batch, suffix, name);
    int fd = openat(batch->spool->place[SPOOL_WORK], name,
                    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool written = write_list(batch, fd);
    int error = errno;
    close(fd);
    errno = error;
    return written;
}

/* Without a key the receipts have digests, which take longer. */
static void make_key(struct batch *batch)
{
    if (!mac_new_key(batch->key) || !mac_begin(&batch->mac, batch->key))
        batch->key[0] = '\0';
}

bool batch_record(struct batch *batch, struct reason *reason)
{
    make_key(batch);
    if (has_room(batch)) {
        if (write_record(batch, "batch"))
            return true;
        if (errno != ENOSPC && errno != EDQUOT)
            return reason_set(reason, "%s/work/%s.batch: %s", batch->spool->name, batch->id,
                              strerror(errno));
    }
    batch->memory = memfd_create("receipts", MFD_CLOEXEC);
    if (batch->memory >= 0)
        return true;
    return reason_set(reason, "%s/work: no room for receipts: %s", batch->spool->name,
                      strerror(errno));
}

void batch_receipts_name(const struct batch *batch, const char *directory, char name[BATCH_PATH])
{
    if (batch->memory >= 0)
        snprintf(name, BATCH_PATH, "/proc/%ld/fd/%d", (long)getpid(), batch->memory);
    else
        snprintf(name, BATCH_PATH, "%s/work/%s.receipts", directory, batch->id);
}

/* Parses a line of the written list: "BYTES LINES NAME". */
static bool read_part(struct batch *batch, struct span line)
{
    struct batch_part part = {.time = 0};
    int end = 0;
    char text[SPOOL_NAME + 64];
    if (line.len >= sizeof text || batch->parts == PARTS)
        return false;
    memcpy(text, line.at, line.len);
    text[line.len] = '\0';
    if (sscanf(text, "%" SCNu64 " %zu %n", &part.bytes, &part.lines, &end) != 2 || end == 0 ||
        text[end] == '\0' || strlen(text + end) >= SPOOL_NAME || strchr(text + end, '/') != NULL)
        return false;
    strcpy(part.name, text + end);
    add_part(batch, &part);
    if (part.lines > 0 && batch->counted == batch->parts - 1) {
        batch->counted++;
        batch->lines += part.lines;
    }
    return true;
}

/* Parses the first line of the written list: "key KEY". */
static bool read_key(struct batch *batch, struct span line)
{
    if (line.len != sizeof "key " - 1 + MAC_KEY_HEX || memcmp(line.at, "key ", 4) != 0)
        return false;
    memcpy(batch->key, line.at + 4, MAC_KEY_HEX);
    batch->key[MAC_KEY_HEX] = '\0';
    return mac_begin(&batch->mac, batch->key);
}

bool batch_read(struct batch *batch, const struct spooldir *spool, const char *id)
{
    char name[SPOOL_NAME + 16];
    struct filelines lines;
    struct span line;
    bool ended = false, sound = true;
    *batch = (struct batch){.spool = spool, .input = -1, .memory = -1, .counting = -1};
    snprintf(batch->id, sizeof batch->id, "%s", id);
    work_name(batch, "batch", name);
    if ((batch->part = malloc(PARTS * sizeof *batch->part)) == NULL) {
        errno = ENOMEM;
        return false;
    }
    int fd = openat(spool->place[SPOOL_WORK], name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return false;
    filelines_begin(&lines, fd);
    while (sound && !ended && filelines_next(&lines, true, &line)) {
        ended = span_equal(line, SPAN("end"));
        sound = ended || (lines.line == 1 && read_key(batch, line)) || read_part(batch, line);
    }
    line_macs_skip(&batch->macs, batch->lines);
    batch->recorded = batch->counted == batch->parts;
    int error = lines.error;
    filelines_end(&lines);
    close(fd);
    errno = error;
    return sound && ended;
}

int batch_open_part(const struct batch *batch, const struct batch_part *part)
{
    struct stat is;
    int fd = open_segment(batch->spool, part->name);
    if (fd < 0 && is_no_file(errno))
        errno = ENOENT;
    if (fd < 0)
        return -1;
    if (fstat(fd, &is) == 0 && S_ISREG(is.st_mode) && (uint64_t)is.st_size == part->bytes)
        return fd;
    close(fd);
    errno = ENOENT;
    return -1;
}

bool batch_part_is_unchanged(const struct batch *batch, const struct batch_part *part)
{
    struct stat is;
    return part->time != 0 &&
           fstatat(batch->spool->place[SPOOL_NEW], part->name, &is, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(is.st_mode) && is.st_ino == part->file && (uint64_t)is.st_size == part->bytes &&
           time_of(&is) == part->time;
}

/* Opens the next segment that still exists, if there is one.  False with errno set: it cannot be
 * opened now. */
static bool open_next(struct batch *batch)
{
    if (batch->counting >= 0 || batch->gap || batch->counted == batch->parts)
        return true;
    batch->counting = batch_open_part(batch, &batch->part[batch->counted]);
    batch->gap = batch->counting < 0 && errno == ENOENT;
    if (batch->counting >= 0)
        line_macs_open(&batch->macs, batch->counting);
    return batch->counting >= 0 || batch->gap;
}

bool batch_count(struct batch *batch, bool *more)
{
    int error = 0;
    *more = false;
    if (!open_next(batch))
        return false;
    *more = batch->counting >= 0;
    if (!*more ||
        line_macs_step(&batch->macs, batch_mac(batch), &batch->part[batch->counted].lines, &error))
        return true;
    close(batch->counting);
    batch->counting = -1;
    if (error == 0)
        batch->lines += batch->part[batch->counted++].lines;
    errno = error;
    return error == 0;
}

/* Replaces the written list. */
static bool record_again(const struct batch *batch)
{
    char again[SPOOL_NAME + 16], name[SPOOL_NAME + 16];
    int work = batch->spool->place[SPOOL_WORK];
    work_name(batch, "again", again);
    work_name(batch, "batch", name);
    if (write_record(batch, "again") && renameat(work, again, work, name) == 0)
        return true;
    unlinkat(work, again, 0);
    return false;
}

/* Writes the line counts, too.  If that fails, a kill at the wrong moment causes some lines to be
 * delivered twice. */
static void record_counts(const struct batch *batch)
{
    if (batch->parts > 1 && batch->memory < 0)
        record_again(batch);
}

bool batch_grow(struct batch *batch, struct backlog *backlog, uint64_t limit)
{
    size_t parts = batch->parts, next = backlog->next;
    uint64_t bytes = batch->bytes;
    if (batch->memory >= 0 || batch->counted < parts)
        return false;
    join(batch, backlog, limit);
    if (batch->parts > parts && has_room(batch) && record_again(batch)) {
        batch->recorded = false;
        return true;
    }
    batch->parts = parts;
    batch->bytes = bytes;
    backlog->next = next;
    return false;
}

bool batch_count_all(struct batch *batch)
{
    for (bool more = true; more;)
        if (!batch_count(batch, &more))
            return false;
    if (!batch->recorded)
        record_counts(batch);
    batch->recorded = true;
    return true;
}

int batch_open_receipts(const struct batch *batch)
{
    char name[SPOOL_NAME + 16];
    if (batch->memory >= 0)
        return fcntl(batch->memory, F_DUPFD_CLOEXEC, 0);
    work_name(batch, "receipts", name);
    return openat(batch->spool->place[SPOOL_WORK], name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

void batch_discard(struct batch *batch)
{
    char name[SPOOL_NAME + 16];
    /* The receipts are removed first: without them the list has no effect. */
    work_name(batch, "receipts", name);
    unlinkat(batch->spool->place[SPOOL_WORK], name, 0);
    work_name(batch, "batch", name);
    unlinkat(batch->spool->place[SPOOL_WORK], name, 0);
    batch_end(batch);
}
