#include "config.h"

#include "base/out.h"
#include "deliver/receipts.h"
#include "spool/filelines.h"
#include "spool/settle.h"
#include "json/json_string.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file that is written in work/ and then renamed to its place. */
struct draft {
    const struct spooldir *spool;
    char name[16];
    struct out out;
    bool open;
    int error; /* of the first failure */
};

static void draft_open(struct draft *draft, const struct spooldir *spool, const char *name)
{
    *draft = (struct draft){.spool = spool};
    snprintf(draft->name, sizeof draft->name, "%s", name);
    int fd = openat(spool->place[SPOOL_WORK], draft->name,
                    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0) {
        draft->error = errno;
        return;
    }
    draft->open = out_begin(&draft->out, fd, draft->name);
    if (!draft->open) {
        draft->error = ENOMEM;
        close(fd);
    }
}

static void draft_write(struct draft *draft, struct span bytes)
{
    if (draft->open && draft->error == 0 && !out_write(&draft->out, bytes))
        draft->error = draft->out.error;
}

static void draft_line(struct draft *draft, struct span line)
{
    draft_write(draft, line);
    draft_write(draft, SPAN("\n"));
}

/* Syncs and closes. */
static void draft_close(struct draft *draft)
{
    if (!draft->open)
        return;
    if (draft->error == 0 && (!out_flush(&draft->out) || fsync(draft->out.fd) != 0))
        draft->error = draft->out.error != 0 ? draft->out.error : errno;
    if (!out_close(&draft->out) && draft->error == 0)
        draft->error = draft->out.error;
    draft->open = false;
}

/* Renames the closed file to its place; an existing file is replaced. */
static void draft_place(struct draft *draft, enum spool_place place, const char *name)
{
    if (draft->error == 0 && renameat(draft->spool->place[SPOOL_WORK], draft->name,
                                      draft->spool->place[place], name) != 0)
        draft->error = errno;
}

static void draft_drop(struct draft *draft)
{
    draft_close(draft);
    unlinkat(draft->spool->place[SPOOL_WORK], draft->name, 0);
}

/* The name in failed/ for lines of a segment of that name and size. */
static void failed_name(const struct batch_part *part, const char *suffix,
                        char name[SPOOL_NAME + 48])
{
    int stem = (int)(strlen(part->name) - (sizeof SPOOL_SUFFIX - 1));
    snprintf(name, SPOOL_NAME + 48, "%.*s-%" PRIu64 "%s", stem, part->name, part->bytes, suffix);
}

/* The lines of one segment while they are sorted. */
struct settling {
    const struct batch *batch;
    const struct batch_part *part;
    const struct acknowledgement *acknowledgement;
    size_t first; /* number of the segment's first line in the batch */
    int receipts;
    struct draft stays, rejected, why;
    size_t rejections;
};

/* Copies the receipt of a rejected line: the line number becomes the one in failed/. */
static void write_rejection(struct settling *s, size_t line)
{
    static const char head[] = "{\"line\":";
    const struct receipt_mark *mark = acknowledge_rejection(s->acknowledgement, line);
    char *text = acknowledge_text(mark, s->receipts);
    if (text == NULL) {
        s->why.error = s->why.error != 0 ? s->why.error : EIO;
        return;
    }
    const char *rest = text;
    if (strncmp(text, head, sizeof head - 1) == 0) {
        char number[48];
        int len = snprintf(number, sizeof number, "%s%zu", head, s->rejections);
        draft_write(&s->why, (struct span){number, (size_t)len});
        rest += sizeof head - 1;
        rest += strspn(rest, "0123456789");
    }
    draft_line(&s->why, span_between(rest, text + mark->length));
    free(text);
}

/* Sorts the segment's lines into those that stay and those that were rejected. */
static bool sort_lines(struct settling *s, int fd)
{
    struct filelines lines;
    struct span text;
    filelines_begin(&lines, fd);
    for (size_t i = 0; i < s->part->lines && filelines_next(&lines, false, &text); i++)
        switch ((enum line_verdict)s->acknowledgement->verdict[s->first - 1 + i]) {
        case LINE_STAYS:
            draft_line(&s->stays, text);
            break;
        case LINE_REJECTED:
            s->rejections++;
            draft_line(&s->rejected, text);
            write_rejection(s, s->first + i);
            break;
        case LINE_DONE:
            break;
        }
    errno = lines.error;
    filelines_end(&lines);
    return errno == 0;
}

/* Rejected lines are safe in failed/ before anything is removed from new/. */
static int place_rejected(struct settling *s)
{
    const struct spooldir *spool = s->batch->spool;
    char name[SPOOL_NAME + 48];
    draft_close(&s->rejected);
    draft_close(&s->why);
    if (s->rejected.error == 0 && s->why.error == 0) {
        failed_name(s->part, ".receipts", name);
        draft_place(&s->why, SPOOL_FAILED, name);
        failed_name(s->part, SPOOL_SUFFIX, name);
        draft_place(&s->rejected, SPOOL_FAILED, name);
    }
    if (s->why.error != 0)
        return s->why.error;
    if (s->rejected.error != 0)
        return s->rejected.error;
    return spooldir_sync(spool, SPOOL_FAILED) ? 0 : errno;
}

static int place_rest(struct settling *s, size_t stays)
{
    if (stays == 0)
        return unlinkat(s->batch->spool->place[SPOOL_NEW], s->part->name, 0) == 0 || errno == ENOENT
                   ? 0
                   : errno;
    draft_close(&s->stays);
    draft_place(&s->stays, SPOOL_NEW, s->part->name);
    if (s->stays.error != 0)
        return s->stays.error;
    return spooldir_sync(s->batch->spool, SPOOL_NEW) ? 0 : errno;
}

/* Settles the segment, which is open as fd.  0, or an errno. */
static int settle_lines(struct settling *s, int fd, size_t stays, size_t rejected)
{
    int error = 0;
    if (stays > 0)
        draft_open(&s->stays, s->batch->spool, "stays");
    if (rejected > 0) {
        draft_open(&s->rejected, s->batch->spool, "rejected");
        draft_open(&s->why, s->batch->spool, "why");
    }
    if ((stays > 0 || rejected > 0) && !sort_lines(s, fd))
        error = errno;
    if (error == 0 && rejected > 0)
        error = place_rejected(s);
    if (error == 0)
        error = place_rest(s, stays);
    if (stays > 0)
        draft_drop(&s->stays);
    if (rejected > 0) {
        draft_drop(&s->rejected);
        draft_drop(&s->why);
    }
    return error;
}

static int settle_part(struct settling *s)
{
    size_t of[3] = {0};
    for (size_t i = 0; i < s->part->lines; i++)
        of[s->acknowledgement->verdict[s->first - 1 + i]]++;
    if (of[LINE_STAYS] == s->part->lines)
        return 0;
    int fd = batch_open_part(s->batch, s->part);
    if (fd < 0)
        return errno == ENOENT ? 0 : errno;
    int error = settle_lines(s, fd, of[LINE_STAYS], of[LINE_REJECTED]);
    close(fd);
    return error;
}

bool settle_batch(const struct batch *batch, const struct acknowledgement *acknowledgement,
                  int receipts, struct reason *reason)
{
    size_t first = 1;
    for (size_t i = 0; i < batch->parts; i++) {
        struct settling s = {
            .batch = batch,
            .part = &batch->part[i],
            .acknowledgement = acknowledgement,
            .first = first,
            .receipts = receipts,
        };
        int error = settle_part(&s);
        if (error != 0)
            return reason_set(reason, "%s/new/%s: cannot take out what is done: %s",
                              batch->spool->name, batch->part[i].name, strerror(error));
        first += batch->part[i].lines;
    }
    return true;
}

/* Writes a receipt for a line that is too old. */
static void write_too_old(struct draft *draft, size_t line, struct span text, const char *why)
{
    char start[128], encoded[256];
    struct span rest = span_of(why);
    int n = snprintf(start, sizeof start,
                     "{\"line\":%zu,\"outcome\":\"undelivered\",\"digest\":\"%016" PRIx64
                     "\",\"reason\":\"",
                     line, receipts_digest(text));
    draft_write(draft, (struct span){start, (size_t)n});
    for (size_t len; (len = json_string_encode(&rest, encoded, sizeof encoded)) > 0;)
        draft_write(draft, (struct span){encoded, len});
    draft_line(draft, SPAN("\"}"));
}

/* Moves a whole segment to failed/.  0, or an errno. */
static int fail_part(const struct batch *batch, const struct batch_part *part, int fd,
                     const char *why, size_t *count)
{
    const struct spooldir *spool = batch->spool;
    struct filelines lines;
    struct span text;
    struct draft draft;
    char name[SPOOL_NAME + 48];
    size_t number = 0;
    draft_open(&draft, spool, "why");
    filelines_begin(&lines, fd);
    while (filelines_next(&lines, false, &text)) {
        number++;
        if (!span_is_blank(text))
            write_too_old(&draft, number, text, why);
    }
    int error = lines.error;
    filelines_end(&lines);
    draft_close(&draft);
    failed_name(part, ".receipts", name);
    draft_place(&draft, SPOOL_FAILED, name);
    error = error != 0 ? error : draft.error;
    draft_drop(&draft);
    failed_name(part, SPOOL_SUFFIX, name);
    if (error == 0 &&
        renameat(spool->place[SPOOL_NEW], part->name, spool->place[SPOOL_FAILED], name) != 0)
        error = errno;
    if (error == 0 && !spooldir_sync(spool, SPOOL_FAILED))
        error = errno;
    *count += error == 0 ? number : 0;
    return error;
}

static bool is_too_old(const struct batch_part *part, int fd, int64_t before)
{
    struct stat is;
    int64_t time;
    if (!spooldir_name_time(part->name, &time))
        time = fstat(fd, &is) == 0 ? (int64_t)is.st_mtime : before;
    return time < before;
}

bool settle_too_old(const struct batch *batch, int64_t before, const char *why, size_t *lines,
                    struct reason *reason)
{
    *lines = 0;
    for (size_t i = 0; i < batch->parts; i++) {
        const struct batch_part *part = &batch->part[i];
        int fd =
            openat(batch->spool->place[SPOOL_NEW], part->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
            continue;
        int error = is_too_old(part, fd, before) ? fail_part(batch, part, fd, why, lines) : 0;
        close(fd);
        if (error != 0)
            return reason_set(reason, "%s/new/%s: cannot move it to failed/: %s",
                              batch->spool->name, part->name, strerror(error));
    }
    return true;
}
