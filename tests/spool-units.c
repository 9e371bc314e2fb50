/* spool-units: checks of spool's functions for segments, receipts and waits.
 *
 *     spool-units DIRECTORY
 *
 * Works in the directory.  Prints each check that fails, and how many there were; status 1 if any
 * failed. */
#include "config.h"

#include "base/clock.h"
#include "check.h"
#include "deliver/receipts.h"
#include "spool/acknowledge.h"
#include "spool/backoff.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void check_backoff(void)
{
    struct backoff backoff = {.longest = 900 * CLOCK_SECOND};
    check_number(backoff_failure(&backoff, 0), 0, "first wait, no luck");
    backoff_reset(&backoff);
    check_number(backoff_failure(&backoff, UINT32_MAX) / CLOCK_MS, 999, "first wait, longest");
    check_number(backoff_failure(&backoff, UINT32_MAX) / CLOCK_MS, 1999, "second wait, longest");
    check_number(backoff_failure(&backoff, UINT32_MAX / 2 + 1), 2 * CLOCK_SECOND,
                 "third wait, half");
    for (int i = 0; i < 20; i++)
        backoff_failure(&backoff, 0);
    check_number(backoff_failure(&backoff, UINT32_MAX / 2 + 1), 450 * CLOCK_SECOND,
                 "the cap, half");
    backoff.failures = UINT32_MAX;
    int64_t wait = backoff_failure(&backoff, UINT32_MAX);
    check_number(wait > 899 * CLOCK_SECOND && wait <= 900 * CLOCK_SECOND, true,
                 "for ever: the cap");
    check_number(backoff.failures, UINT32_MAX, "failures are counted up to the largest number");
    backoff_reset(&backoff);
    check_number(backoff_failure(&backoff, UINT32_MAX) / CLOCK_MS, 999,
                 "after a success: as at first");
    backoff = (struct backoff){.longest = BACKOFF_LONGEST};
    for (int i = 0; i < 64; i++)
        wait = backoff_failure(&backoff, UINT32_MAX);
    check_number(wait > BACKOFF_LONGEST - CLOCK_SECOND && wait <= BACKOFF_LONGEST, true, "30 days");
}

static void put(const struct spooldir *spool, enum spool_place place, const char *name,
                const char *text)
{
    int fd = openat(spool->place[place], name, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd) != 0) {
        perror(name);
        exit(2);
    }
}

static bool has(const struct spooldir *spool, enum spool_place place, const char *name)
{
    return faccessat(spool->place[place], name, F_OK, 0) == 0;
}

static void clear(const struct spooldir *spool)
{
    static const char *const names[] = {"1.ndjson", "2.ndjson", "3.ndjson", "4.ndjson"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlinkat(spool->place[SPOOL_NEW], names[i], 0);
}

/* A batch of the segments in new/, oldest first. */
static bool gather(struct batch *batch, const struct spooldir *spool, uint64_t join)
{
    struct backlog backlog = {0};
    struct reason reason;
    bool gathered = batch_gather(batch, spool, &backlog, join, &reason);
    backlog_end(&backlog);
    return gathered;
}

static void check_batch(const struct spooldir *spool)
{
    struct batch batch, again;
    struct reason reason;
    char name[SPOOL_NAME + 16], receipts[BATCH_PATH];
    check_number(gather(&batch, spool, 100), false, "an empty spool has no batch");
    put(spool, SPOOL_NEW, "1.ndjson", "{\"a\":1}\n\n{\"a\":2}\n");
    put(spool, SPOOL_NEW, "2.ndjson", "");
    put(spool, SPOOL_NEW, "3.ndjson", "{\"a\":3}");
    put(spool, SPOOL_NEW, "4.ndjson", "{\"a\":4}\n");
    check_number(gather(&batch, spool, 0), true, "the oldest segment");
    check_number((int64_t)batch.parts, 1, "… alone");
    check_number(batch_count_all(&batch), true, "… is counted");
    check_number((int64_t)batch.lines, 3, "… has three lines, a blank one too");
    check_number(batch.input >= 0, true, "… and is open");
    batch_end(&batch);
    check_number(gather(&batch, spool, 24), true, "as many as fit");
    check_number((int64_t)batch.parts, 2, "… are two");
    check_number((int64_t)batch.lines, 0, "… not counted yet");
    check_number(batch_count_all(&batch), true, "… and then counted");
    check_number((int64_t)batch.lines, 4, "… of four lines");
    check_number(batch.part[1].torn, true, "… the last without a newline");
    check_number(batch.input, -1, "… and several are not one file");
    check_number(has(spool, SPOOL_NEW, "2.ndjson"), false, "an empty segment is removed");
    batch_end(&batch);
    check_number(gather(&batch, spool, 1000), true, "all");
    check_number((int64_t)batch.parts, 3, "… are three");
    check_number((int64_t)batch.bytes, 32, "… of 32 bytes");

    /* The written list is read back. */
    check_number(batch_record(&batch, &reason), true, "it is written down");
    check_number(batch_read(&again, spool, batch.id), true, "… and read back");
    check_number((int64_t)again.parts, 3, "… with three parts");
    check_number(strcmp(again.key, batch.key), 0, "… and its key");
    check_number((int64_t)again.lines, 0, "… whose lines are not counted");
    check_number(strcmp(again.part[2].name, "4.ndjson"), 0, "… by their names");
    check_number(batch_count_all(&again), true, "… they are counted");
    check_number((int64_t)again.lines, 5, "… five lines");
    check_number((int64_t)again.macs.stored, 5, "… and MACs");
    batch_end(&again);
    check_number(batch_read(&again, spool, batch.id), true, "it is read once more");
    check_number((int64_t)again.lines, 5, "… with its numbers");
    check_number((int64_t)again.macs.stored, 0, "… without MACs");
    batch_end(&again);
    int fd = batch_open_part(&batch, &batch.part[1]);
    check_number(fd >= 0 && batch_part_is_unchanged(&batch, &batch.part[1]), true,
                 "a segment as it was");
    close(fd);
    put(spool, SPOOL_NEW, "3.ndjson", "{\"a\":3}\n{\"a\":5}\n");
    check_number(batch_open_part(&batch, &batch.part[1]), -1, "one that has grown");
    check_number(batch_part_is_unchanged(&batch, &batch.part[1]), false, "… is not as it was");
    clear(spool);
    check_number(batch_open_part(&batch, &batch.part[0]), -1, "one that is gone");
    check_number(batch_part_is_unchanged(&batch, &batch.part[0]), false, "… is not, either");

    /* A torn list counts as none. */
    snprintf(name, sizeof name, "%s.batch", batch.id);
    put(spool, SPOOL_WORK, name, "17 3 1.ndjson\nen");
    check_number(batch_read(&again, spool, batch.id), false, "a torn list");
    batch_end(&again);
    put(spool, SPOOL_WORK, name, "17 3 ../1.ndjson\nend\n");
    check_number(batch_read(&again, spool, batch.id), false, "a list with a path");
    batch_end(&again);
    batch_receipts_name(&batch, "/spool", receipts);
    check_number(strncmp(receipts, "/spool/work/", 12), 0, "receipts have a name in work/");
    batch_discard(&batch);
    check_number(has(spool, SPOOL_WORK, name), false, "nothing is left of it");
}

/* A batch is given more while its command runs. */
static void check_growth(const struct spooldir *spool)
{
    struct batch batch, again;
    struct backlog backlog = {0};
    struct reason reason;
    put(spool, SPOOL_NEW, "1.ndjson", "{\"a\":1}\n{\"a\":2}\n");
    put(spool, SPOOL_NEW, "2.ndjson", "{\"a\":3}\n");
    put(spool, SPOOL_NEW, "3.ndjson", "{\"a\":4}\n");
    check_number(batch_gather(&batch, spool, &backlog, 16, &reason), true, "a batch that grows");
    check_number(batch_record(&batch, &reason), true, "… is written down");
    check_number(batch_grow(&batch, &backlog, 100), false, "… not before it is counted");
    check_number(batch_count_all(&batch), true, "… then");
    check_number(batch_grow(&batch, &backlog, 20), false, "… not by what is too large");
    check_number((int64_t)batch.parts, 1, "… and is as it was");
    check_number(batch_grow(&batch, &backlog, 24), true, "… by one segment");
    check_number((int64_t)batch.parts, 2, "… which makes two");
    check_number(batch_read(&again, spool, batch.id), true, "… that are written down");
    check_number((int64_t)again.parts, 2, "… both");
    check_number((int64_t)again.counted, 1, "… the first with its number of lines");
    batch_end(&again);
    check_number(batch_count_all(&batch), true, "… the other is counted, too");
    check_number((int64_t)batch.lines, 3, "… three lines");
    check_number((int64_t)batch.macs.stored, 3, "… with MACs");
    check_number(batch_grow(&batch, &backlog, 100), true, "… and by another one");
    check_number((int64_t)batch.bytes, 32, "… which is the last");
    check_number(batch_count_all(&batch), true, "… and is counted");
    check_number(batch_grow(&batch, &backlog, 100), false, "… as nothing follows");
    check_number(batch_read(&again, spool, batch.id), true, "at the end all are written down");
    check_number((int64_t)again.lines, 4, "… with their numbers");
    batch_end(&again);
    batch_discard(&batch);
    backlog_end(&backlog);
    clear(spool);
}

static struct mac *mac; /* receipts have a MAC; NULL: they have digests */

/* Appends a receipt to the text. */
static void receipt(char *text, size_t size, size_t line, const char *of, const char *outcome)
{
    char proof[RECEIPTS_DIGEST + 1];
    size_t used = strlen(text);
    snprintf(proof, sizeof proof, "%016" PRIx64,
             mac != NULL ? mac_of(mac, line, span_of(of)) : receipts_digest(span_of(of)));
    snprintf(text + used, size - used,
             "{\"line\":%zu,\"path\":\"a\\/b\",\"outcome\":\"%s\",\"status\":200,\"%s\":\"%s\"}\n",
             line, outcome, mac != NULL ? "mac" : "digest", proof);
}

/* Compares the batch with these receipts; letters show the verdicts for its lines. */
static struct acknowledgement acknowledge(struct batch *batch, const char *receipts,
                                          char verdicts[16])
{
    static const char letters[] = "SDR";
    struct acknowledgement a;
    struct reason reason;
    char name[SPOOL_NAME + 16];
    snprintf(name, sizeof name, "%s.receipts", batch->id);
    put(batch->spool, SPOOL_WORK, name, receipts);
    int fd = batch_open_receipts(batch);
    if (!acknowledge_read(&a, batch, fd, &reason)) {
        puts(reason.text);
        exit(2);
    }
    for (size_t i = 0; i < batch->lines; i++)
        verdicts[i] = letters[a.verdict[i]];
    verdicts[batch->lines] = '\0';
    close(fd);
    return a;
}

static void check_verdicts(struct batch *batch, const char *receipts, const char *should,
                           const char *what)
{
    char is[16];
    struct acknowledgement a = acknowledge(batch, receipts, is);
    acknowledge_end(&a);
    check_text(is, should, what);
}

/* How many lines are done according to these receipts of a command that succeeded. */
static void check_success(struct batch *batch, const char *receipts, int64_t should,
                          const char *what)
{
    char is[16];
    struct acknowledgement a = acknowledge(batch, receipts, is);
    acknowledge_success(&a, batch->lines);
    check_number((int64_t)a.done, should, what);
    acknowledge_end(&a);
}

/* A status of 0, with different receipts. */
static void check_statuses(struct batch *batch)
{
    char text[2048] = "";
    check_success(batch, text, 5, "no receipts: all lines");
    receipt(text, sizeof text, 1, "{\"a\":1}", "delivered");
    receipt(text, sizeof text, 2, "changed", "delivered");
    receipt(text, sizeof text, 3, "added", "delivered");
    check_success(batch, text, 2, "receipts of fewer lines");
    receipt(text, sizeof text, 4, "{\"a\":4}", "exists");
    check_success(batch, text, 5, "… and of as many, whatever they were");
    *text = '\0';
    receipt(text, sizeof text, 4, "{\"a\":3}", "delivered");
    receipt(text, sizeof text, 1, "{\"a\":1}", "rejected");
    receipt(text, sizeof text, 5, "{\"a\":4}", "undelivered");
    receipt(text, sizeof text, 3, "{\"a\":2}", "spooled");
    check_success(batch, text, 3, "receipts that call lines undelivered");
}

/* The verdicts for lines with receipts of one kind. */
static void check_receipts(struct batch *batch)
{
    char text[2048] = "", is[16];
    check_verdicts(batch, "", "SDSSS", "no receipts: all stay but a blank line");
    receipt(text, sizeof text, 4, "{\"a\":3}", "delivered");
    receipt(text, sizeof text, 1, "{\"a\":1}", "rejected");
    receipt(text, sizeof text, 5, "{\"a\":4}", "undelivered");
    receipt(text, sizeof text, 3, "{\"a\":2}", "spooled");
    check_verdicts(batch, text, "RDDDS", "in any order");
    struct acknowledgement a = acknowledge(batch, text, is);
    check_number((int64_t)a.fitting, 4, "receipts that fit");
    check_number((int64_t)a.done, 3, "lines that are done");
    check_number((int64_t)a.rejected, 1, "… rejected");
    check_number((int64_t)a.stays, 1, "… and stay");
    const struct receipt_mark *mark = acknowledge_rejection(&a, 1);
    check_number(mark != NULL && strncmp(text + mark->offset, "{\"line\":1,", 10) == 0, true,
                 "the receipt of the rejected line");
    check_number(acknowledge_rejection(&a, 3) == NULL, true, "a line that is done has none");
    acknowledge_end(&a);

    text[strlen(text) - 3] = '\0';
    check_verdicts(batch, text, "RDSDS", "the last is torn");
    *text = '\0';
    receipt(text, sizeof text, 1, "{\"a\":2}", "delivered");
    receipt(text, sizeof text, 0, "{\"a\":1}", "delivered");
    receipt(text, sizeof text, 6, "{\"a\":4}", "delivered");
    check_verdicts(batch, text, "SDSSS", "other digests, other lines");
    *text = '\0';
    receipt(text, sizeof text, 1, "{\"a\":1}", "undelivered");
    receipt(text, sizeof text, 1, "{\"a\":1}", "rejected");
    receipt(text, sizeof text, 1, "{\"a\":1}", "delivered");
    receipt(text, sizeof text, 1, "{\"a\":1}", "undelivered");
    check_verdicts(batch, text, "DDSSS", "of several the best counts");
    check_verdicts(batch,
                   "no JSON\n[]\n{}\n{\"line\":1}\n{\"line\":\"1\",\"outcome\":\"delivered\"}\n"
                   "{\"line\":1,\"outcome\":\"delivered\"}\n"
                   "{\"line\":1,\"outcome\":\"delivered\",\"digest\":\"\"}\n"
                   "{\"line\":1,\"outcome\":\"delivered\",\"digest\":\"xyzxyzxyzxyzxyzx\"}\n"
                   "{\"line\":1,\"outcome\":\"delivered\",\"mac\":\"0000000000000000\"}\n"
                   "{\"line\":1,\"outcome\":\"lost\",\"digest\":\"0000000000000000\"}\n",
                   "SDSSS", "what is no receipt");
}

/* Appends one receipt for several lines. */
static void receipt_of_run(char *text, size_t size, size_t line, const char *const *of,
                           size_t lines, const char *outcome)
{
    size_t used = strlen(text);
    used += (size_t)snprintf(text + used, size - used,
                             "{\"line\":%zu,\"lines\":%zu,\"outcome\":\"%s\",\"mac\":\"", line,
                             lines, outcome);
    for (size_t i = 0; i < lines; i++)
        used += (size_t)snprintf(text + used, size - used, "%016" PRIx64,
                                 mac_of(mac, line + i, span_of(of[i])));
    snprintf(text + used, size - used, "\"}\n");
}

static void check_runs(struct batch *batch)
{
    static const char *const of[] = {"{\"a\":2}", "{\"a\":3}", "{\"a\":4}", "{\"a\":5}"};
    char text[1024] = "";
    receipt_of_run(text, sizeof text, 3, of, 3, "delivered");
    check_verdicts(batch, text, "SDDDD", "lines with one receipt");
    receipt(text, sizeof text, 1, "{\"a\":1}", "rejected");
    check_verdicts(batch, text, "RDDDD", "… and another one");
    *text = '\0';
    receipt_of_run(text, sizeof text, 3, of, 4, "exists");
    check_verdicts(batch, text, "SDDDD", "more lines than there are");
    *text = '\0';
    receipt_of_run(text, sizeof text, 2, of, 3, "delivered");
    check_verdicts(batch, text, "SDSSS", "the MACs of other numbers");
    *text = '\0';
    receipt_of_run(text, sizeof text, 3, of, 2, "delivered");
    memcpy(strstr(text, "\"mac\":\"") + 7, "ffffffffffffffff", 16);
    check_verdicts(batch, text, "SDSDS", "one that does not fit");
    *text = '\0';
    receipt_of_run(text, sizeof text, 3, of, 3, "rejected");
    check_verdicts(batch, text, "SDSSS", "lines that were rejected have their own");
    *text = '\0';
    receipt_of_run(text, sizeof text, 3, of, 3, "delivered");
    memcpy(strstr(text, "\"}") - 1, "\"} ", 3);
    check_verdicts(batch, text, "SDSSS", "a digit that is missing");
}

/* Receipts of both kinds. */
static void check_kinds(struct batch *batch)
{
    char text[256] = "";
    mac = NULL;
    check_receipts(batch);
    check_statuses(batch);
    receipt(text, sizeof text, 1, "{\"a\":1}", "delivered");
    mac = &batch->mac;
    receipt(text, sizeof text, 4, "{\"a\":3}", "delivered");
    check_verdicts(batch, text, "DDSDS", "a digest and a MAC");
    check_receipts(batch);
    check_statuses(batch);
    check_runs(batch);
    /* The same line with another number has another MAC. */
    *text = '\0';
    receipt(text, sizeof text, 3, "{\"a\":1}", "delivered");
    memcpy(text, "{\"line\":1,", 10);
    check_verdicts(batch, text, "SDSSS", "the MAC of another number");
}

static void check_acknowledge(const struct spooldir *spool)
{
    struct batch batch, again;
    struct reason reason;
    char text[256] = "";
    bool more = true;
    put(spool, SPOOL_NEW, "1.ndjson", "{\"a\":1}\n \t\n{\"a\":2}\n");
    put(spool, SPOOL_NEW, "3.ndjson", "{\"a\":3}");
    put(spool, SPOOL_NEW, "4.ndjson", "{\"a\":4}\n");
    if (!gather(&batch, spool, 1000) || !batch_record(&batch, &reason))
        exit(2);
    while (more)
        check_number(batch_count(&batch, &more), true, "a step");
    check_number((int64_t)batch.lines, 5, "all lines are counted");
    check_number((int64_t)batch.macs.stored, 5, "… and have MACs");
    check_number(batch_count_all(&batch), true, "… which is written down");
    check_kinds(&batch);

    /* After a kill there are no MACs yet. */
    check_number(batch_read(&again, spool, batch.id), true, "what a killed drain has left");
    check_kinds(&again);
    batch_end(&again);
    mac = &batch.mac;

    /* A segment of the same size that was changed in the meantime is read again. */
    put(spool, SPOOL_NEW, "3.ndjson", "{\"b\":3}");
    receipt(text, sizeof text, 4, "{\"a\":3}", "delivered");
    check_verdicts(&batch, text, "SDSSS", "a segment that was changed");
    unlinkat(spool->place[SPOOL_NEW], "1.ndjson", 0);
    check_verdicts(&batch, "", "SSSSS", "a segment that is gone");
    batch_discard(&batch);
    clear(spool);
}

/* A segment that is missing before its lines were counted: the numbers of later lines are not
 * known. */
static void check_gap(const struct spooldir *spool)
{
    struct batch batch;
    struct acknowledgement a;
    struct reason reason;
    char text[256] = "", is[16];
    put(spool, SPOOL_NEW, "1.ndjson", "{\"a\":1}\n");
    put(spool, SPOOL_NEW, "3.ndjson", "{\"a\":2}\n{\"a\":3}\n");
    put(spool, SPOOL_NEW, "4.ndjson", "{\"a\":4}\n");
    if (!gather(&batch, spool, 1000) || !batch_record(&batch, &reason))
        exit(2);
    mac = &batch.mac;
    receipt(text, sizeof text, 1, "{\"a\":1}", "delivered");
    receipt(text, sizeof text, 2, "{\"a\":4}", "delivered");
    receipt(text, sizeof text, 4, "{\"a\":4}", "delivered");
    unlinkat(spool->place[SPOOL_NEW], "3.ndjson", 0);
    check_number(batch_count_all(&batch), true, "what is there is counted");
    check_number((int64_t)batch.counted, 1, "… up to what is not");
    a = acknowledge(&batch, text, is);
    check_number(strcmp(is, "D"), 0, "the first line is done");
    check_number((int64_t)a.stays, 2, "… and two segments stay");
    acknowledge_end(&a);
    batch_discard(&batch);
    clear(spool);
}

int main(int argc, char **argv)
{
    struct spooldir spool;
    struct reason reason;
    if (argc != 2 || chdir(argv[1]) != 0 || mkdir("spool", 0777) != 0 ||
        !spooldir_open(&spool, AT_FDCWD, "spool", true, &reason)) {
        fputs("spool-units: no spool in that directory\n", stderr);
        return 2;
    }
    check_backoff();
    check_batch(&spool);
    check_growth(&spool);
    check_acknowledge(&spool);
    check_gap(&spool);
    spooldir_close(&spool);
    return check_report();
}
