#include "config.h"

#include "base/digest.h"
#include "base/read_all.h"
#include "deliver/receipts_reader.h"
#include "spool/acknowledge.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { FIRST = 256 }; /* receipts for which memory is reserved at first */

/* A line, and the proof that a sink has read it, as far as known. */
struct proof {
    struct span text;
    size_t line;
    bool has_mac, has_digest;
    uint64_t mac, digest;
};

static enum line_verdict verdict_of(enum outcome_kind kind)
{
    return outcome_is_success(kind)   ? LINE_DONE
           : kind == OUTCOME_REJECTED ? LINE_REJECTED
                                      : LINE_STAYS;
}

static int by_line(const void *a, const void *b)
{
    const struct receipt_mark *left = a, *right = b;
    return left->line != right->line
               ? (left->line < right->line ? -1 : 1)
               : (left->offset > right->offset) - (left->offset < right->offset);
}

/* Handles a receipt of done lines whose MACs were computed while the command ran.  Nearly all
 * receipts are such; their MACs are compared all at once, as digits. */
static void settle_known(struct acknowledgement *a, size_t line, size_t lines, const char *digits)
{
    enum { AT_ONCE = 64 };
    for (size_t n; lines > 0; line += n, lines -= n) {
        char known[AT_ONCE * RECEIPTS_DIGEST];
        n = lines < AT_ONCE ? lines : AT_ONCE;
        receipts_digits(a->macs->mac + line - 1, n, known);
        for (size_t i = 0; i < n; i++, digits += RECEIPTS_DIGEST)
            if (memcmp(known + i * RECEIPTS_DIGEST, digits, RECEIPTS_DIGEST) == 0) {
                a->verdict[line - 1 + i] = LINE_DONE;
                a->fitting++;
            }
    }
}

static bool add_mark(struct acknowledgement *a, size_t *capacity, const struct receipt_mark *mark)
{
    if (a->marks == *capacity) {
        size_t wanted = *capacity == 0 ? FIRST : 2 * *capacity;
        struct receipt_mark *grown = realloc(a->mark, wanted * sizeof *grown);
        if (grown == NULL)
            return false;
        a->mark = grown;
        *capacity = wanted;
    }
    a->mark[a->marks++] = *mark;
    a->digests = a->digests || !mark->keyed;
    return true;
}

static void sort_marks(struct acknowledgement *a)
{
    for (size_t i = 1; i < a->marks; i++)
        if (a->mark[i].line < a->mark[i - 1].line) {
            qsort(a->mark, a->marks, sizeof *a->mark, by_line);
            return;
        }
}

/* Handles one receipt, of one line or of several done lines.  *mark has its position in the file.
 * False: no memory. */
static bool take_receipt(struct acknowledgement *a, const struct receipt_read *receipt,
                         size_t count, size_t *capacity, struct receipt_mark *mark)
{
    mark->verdict = verdict_of(receipt->kind);
    mark->keyed = receipt->mac.len > 0;
    struct span proof = mark->keyed ? receipt->mac : receipt->digest;
    size_t lines = proof.len / RECEIPTS_DIGEST;
    if (receipt->line == 0 || lines * RECEIPTS_DIGEST != proof.len ||
        (lines > 1 && (!mark->keyed || mark->verdict != LINE_DONE)))
        return true;
    a->claimed += mark->verdict == LINE_DONE ? lines : 0;
    if (mark->keyed && mark->verdict == LINE_DONE && receipt->line <= a->known &&
        lines <= a->known - receipt->line + 1) {
        settle_known(a, receipt->line, lines, proof.at);
        return true;
    }
    for (size_t i = 0; capacity != NULL && i < lines && receipt->line + i <= count; i++) {
        struct span digits = {proof.at + i * RECEIPTS_DIGEST, RECEIPTS_DIGEST};
        mark->line = receipt->line + i;
        if (digest_unhex(digits, &mark->proof) && !add_mark(a, capacity, mark))
            return false;
    }
    return true;
}

/* Reads the receipts; a torn last line, or any line that is not a receipt, is skipped. */
static bool read_receipts(struct acknowledgement *a, size_t count, int receipts)
{
    struct filelines lines;
    struct span text;
    size_t capacity = 0;
    bool kept = true;
    struct json json;
    struct receipt_read receipt;
    filelines_begin(&lines, receipts);
    while (kept && filelines_next(&lines, true, &text)) {
        struct receipt_mark mark = {.offset = filelines_offset(&lines, text),
                                    .length = (uint32_t)text.len};
        if (text.len <= UINT32_MAX && receipts_parse(&json, text, &receipt))
            kept = take_receipt(a, &receipt, count, &capacity, &mark);
    }
    errno = kept ? lines.error : ENOMEM;
    filelines_end(&lines);
    bool read = errno == 0;
    sort_marks(a);
    return read;
}

/* Whether the receipt is of that line. */
static bool proves(const struct acknowledgement *a, const struct receipt_mark *mark,
                   struct proof *proof)
{
    if (mark->keyed && !proof->has_mac) {
        if (a->mac == NULL)
            return false;
        proof->mac = mac_of(a->mac, proof->line, proof->text);
        proof->has_mac = true;
    }
    if (!mark->keyed && !proof->has_digest) {
        proof->digest = receipts_digest(proof->text);
        proof->has_digest = true;
    }
    return mark->proof == (mark->keyed ? proof->mac : proof->digest);
}

/* Decides the verdict for one line.  *mark is the first receipt that is not for an earlier line,
 * and moves on. */
static void judge(struct acknowledgement *a, struct receipt_mark **mark, bool blank,
                  struct proof *proof)
{
    enum line_verdict so_far = (enum line_verdict)a->verdict[proof->line - 1];
    enum line_verdict verdict = blank ? LINE_DONE : so_far;
    a->blank += blank;
    const struct receipt_mark *end = a->mark + a->marks;
    for (; *mark < end && (*mark)->line == proof->line; ++*mark) {
        if (!proves(a, *mark, proof))
            continue;
        (*mark)->fits = true;
        a->fitting++;
        /* Of several receipts the best one counts: a done line stays done. */
        if (verdict != LINE_DONE && (*mark)->verdict != LINE_STAYS)
            verdict = (*mark)->verdict;
    }
    a->verdict[proof->line - 1] = (unsigned char)verdict;
}

/* Skips receipts of earlier lines. */
static void pass_over(const struct acknowledgement *a, struct receipt_mark **mark, size_t line)
{
    const struct receipt_mark *end = a->mark + a->marks;
    while (*mark < end && (*mark)->line < line)
        ++*mark;
}

/* Judges `count` lines of a file; the first has the number `first`. */
static bool compare_lines(struct acknowledgement *a, int fd, size_t count, size_t first,
                          struct receipt_mark **mark)
{
    struct filelines lines;
    struct span text;
    filelines_begin(&lines, fd);
    for (size_t i = 0; i < count && filelines_next(&lines, false, &text); i++) {
        struct proof proof = {.text = text, .line = first + i};
        pass_over(a, mark, first + i);
        judge(a, mark, span_is_blank(text), &proof);
    }
    int error = lines.error;
    filelines_end(&lines);
    errno = error;
    return error == 0;
}

/* The same, with MACs that were computed while the command ran. */
static void compare_macs(struct acknowledgement *a, size_t count, size_t first,
                         struct receipt_mark **mark)
{
    for (size_t line = first; line < first + count; line++) {
        struct proof proof = {.line = line, .has_mac = true, .mac = a->macs->mac[line - 1]};
        pass_over(a, mark, line);
        judge(a, mark, a->macs->blank[line - 1], &proof);
    }
}

static bool compare_part(struct acknowledgement *a, const struct batch *batch,
                         const struct batch_part *part, size_t first, struct receipt_mark **mark)
{
    int error = 0;
    if (part->removed) {
        memset(a->verdict + first - 1, LINE_DONE, part->lines);
        for (size_t i = 0; i < part->lines; i++)
            a->blank += a->macs->blank[first - 1 + i];
        return true;
    }
    if (!a->digests && first - 1 + part->lines <= a->known) {
        compare_macs(a, part->lines, first, mark);
        return true;
    }
    int fd = batch_open_part(batch, part);
    if (fd < 0)
        return errno == ENOENT;
    if (!compare_lines(a, fd, part->lines, first, mark))
        error = errno;
    close(fd);
    errno = error;
    return error == 0;
}

static void count(struct acknowledgement *a, size_t lines)
{
    a->done = a->rejected = a->stays = 0;
    for (size_t i = 0; i < lines; i++)
        switch ((enum line_verdict)a->verdict[i]) {
        case LINE_DONE:
            a->done++;
            break;
        case LINE_REJECTED:
            a->rejected++;
            break;
        case LINE_STAYS:
            a->stays++;
            break;
        }
}

/* Reads the receipts; every line is LINE_STAYS until it is judged.  False with errno set. */
static bool begin(struct acknowledgement *a, size_t lines, int receipts)
{
    a->verdict = calloc(lines + 1, 1);
    if (a->verdict != NULL)
        return receipts < 0 || read_receipts(a, lines, receipts);
    errno = ENOMEM;
    return false;
}

/* How many of the first lines have MACs and are in segments that are unchanged since. */
static size_t count_known(const struct batch *batch)
{
    size_t known = 0;
    for (size_t i = 0; i < batch->counted; i++) {
        const struct batch_part *part = &batch->part[i];
        bool has_macs = known + part->lines <= batch->macs.stored;
        if (!part->removed && !(has_macs && batch_part_is_unchanged(batch, part)))
            break;
        known += part->lines;
    }
    return known;
}

bool acknowledge_read(struct acknowledgement *a, struct batch *batch, int receipts,
                      struct reason *reason)
{
    size_t first = 1;
    *a = (struct acknowledgement){
        .mac = batch_mac(batch),
        .macs = &batch->macs,
        .known = count_known(batch),
    };
    bool read = begin(a, batch->lines, receipts);
    struct receipt_mark *mark = a->mark;
    for (size_t i = 0; read && i < batch->counted; i++) {
        read = compare_part(a, batch, &batch->part[i], first, &mark);
        first += batch->part[i].lines;
    }
    if (!read) {
        reason_set(reason, "%s/work/%s: cannot compare receipts and segments: %s",
                   batch->spool->name, batch->id, strerror(errno));
        acknowledge_end(a);
        return false;
    }
    count(a, batch->lines);
    /* Segments whose lines could not be counted count as lines that stay. */
    a->stays += batch->parts - batch->counted;
    return true;
}

bool acknowledge_ahead(struct acknowledgement *a, const struct batch *batch,
                       struct filelines *receipts)
{
    struct span text;
    struct json json;
    struct receipt_read receipt;
    bool any = false;
    if (a->verdict == NULL) {
        *a = (struct acknowledgement){.macs = &batch->macs, .known = count_known(batch)};
        if ((a->verdict = calloc(batch->lines + 1, 1)) == NULL)
            return false;
        for (size_t i = 0; i < a->known; i++)
            a->verdict[i] = batch->macs.blank[i] ? LINE_DONE : LINE_STAYS;
    }
    while (filelines_next(receipts, true, &text)) {
        struct receipt_mark mark = {.line = 0};
        any = true;
        if (receipts_parse(&json, text, &receipt))
            take_receipt(a, &receipt, 0, NULL, &mark);
    }
    return any;
}

bool acknowledge_file(struct acknowledgement *a, int file, size_t lines, int receipts,
                      struct reason *reason)
{
    *a = (struct acknowledgement){0};
    bool read = begin(a, lines, receipts);
    struct receipt_mark *mark = a->mark;
    if (!read || !compare_lines(a, file, lines, 1, &mark)) {
        reason_set(reason, "cannot compare receipts and lines: %s", strerror(errno));
        acknowledge_end(a);
        return false;
    }
    count(a, lines);
    return true;
}

void acknowledge_success(struct acknowledgement *a, size_t lines)
{
    if (a->fitting > 0 && a->claimed != lines - a->blank)
        return;
    memset(a->verdict, LINE_DONE, lines);
    count(a, lines);
}

void acknowledge_unconfirmed(const struct acknowledgement *a, const char *source,
                             const char *manual, struct reason *reason)
{
    size_t confirmed = a->done + a->rejected;
    reason_set(reason,
               "the command succeeded, but its receipts confirm only %zu of %zu lines; it gets the "
               "others again, and may deliver them twice: put what drops lines before %s, see "
               "%s(1)",
               confirmed, confirmed + a->stays, source, manual);
}

char *acknowledge_text(const struct receipt_mark *mark, int receipts)
{
    char *text = mark != NULL ? malloc((size_t)mark->length + 1) : NULL;
    if (text == NULL)
        return NULL;
    if (read_at(receipts, text, mark->length, (off_t)mark->offset) != (ssize_t)mark->length) {
        free(text);
        return NULL;
    }
    text[mark->length] = '\0';
    return text;
}

const struct receipt_mark *acknowledge_rejection(const struct acknowledgement *a, size_t line)
{
    size_t low = 0, high = a->marks;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (a->mark[middle].line < line)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < a->marks && a->mark[low].line == line; low++)
        if (a->mark[low].fits && a->mark[low].verdict == LINE_REJECTED)
            return &a->mark[low];
    return NULL;
}

void acknowledge_end(struct acknowledgement *a)
{
    free(a->verdict);
    free(a->mark);
    *a = (struct acknowledgement){0};
}
