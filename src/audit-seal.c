/* audit-seal: hashes events as they pass through, and signs a list of the hashes. */
#include "config.h"

#include "base/secret.h"
#include "base/tool.h"
#include "deliver/url.h"
#include "seal/intake.h"
#include "seal/sealer.h"
#include "seal/stamping.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct job {
    const char *key_file, *passphrase_file, *new_key;
    struct sealer_options options;
    int64_t every; /* microseconds */
    bool tee, removed, head, stamp_missing, summary;
    struct stamp_authority authority;
    struct stamping stamping;
    struct seal_key key;
    struct sealer sealer;
};

static struct filter filter = FILTER;
static struct job job = {.every = (int64_t)3600 * 1000000, .authority = {.timeout = 10}};

/* The open seal is lost: stops reading. */
static void fail(const struct reason *reason)
{
    const struct seal_head *head = &job.sealer.head;
    diag_fail("%s; what was read since the last seal is not sealed (%" PRIu64 " events, %" PRIu64
              " removals): seal it again from the archive",
              reason->text, head->events, head->removals);
    filter.stop = true;
}

/* Gives a new seal its time stamp; without one it is still valid. */
static void stamp(void *context, uint32_t number, const unsigned char digest[DIGEST_SIZE])
{
    (void)context;
    if (job.authority.url != NULL)
        stamping_add(&job.stamping, number, digest);
}

static void has_no_stamp(uint32_t number, const struct reason *reason)
{
    diag_warn("seal %08" PRIu32 " has no time stamp: %s; --stamp-missing adds it later", number,
              reason->text);
    diag_raise(STATUS_REJECTED);
}

static bool close_seal(void)
{
    struct reason reason;
    if (sealer_close(&job.sealer, &reason))
        return true;
    fail(&reason);
    return false;
}

/* Called by several threads. */
static size_t write_line(void *context, struct span path, const unsigned char digest[DIGEST_SIZE],
                         char *line, struct reason *reason)
{
    (void)context;
    return sealer_check(&job.sealer, path, reason) ? seal_entry_write(digest, path, line) : 0;
}

/* Whether to check the clock and the stamps after an event of that many bytes: for small events not
 * each time. */
static bool is_check_due(size_t size)
{
    enum { OFTEN = 64 * 1024 };
    static size_t bytes = OFTEN;
    bytes += size;
    if (bytes < OFTEN)
        return false;
    bytes = 0;
    return true;
}

static bool take(void *context, const struct record *record,
                 const unsigned char digest[DIGEST_SIZE], struct span line, struct reason *reason)
{
    struct reason why;
    (void)context, (void)digest, (void)reason;
    if (is_check_due(record->size)) {
        stamping_check(&job.stamping);
        if (sealer_now() >= sealer_due(&job.sealer) && !close_seal())
            return true;
    }
    if (!sealer_add(&job.sealer, line, &why))
        fail(&why);
    return true;
}

/* Finishes the seals that have closed, and closes the open one when it is due; returns when that
 * will be, or when to check the stamps again. */
static int idle(void *context)
{
    enum { STAMPS_AGAIN = 1000, CLOCK_AGAIN = 60000 }; /* the clock may be set in the meantime */
    struct reason reason;
    (void)context;
    if (!sealer_wait(&job.sealer, &reason)) {
        fail(&reason);
        return 0;
    }
    int64_t left = sealer_due(&job.sealer) - sealer_now();
    if (left <= 0 && close_seal())
        left = sealer_due(&job.sealer) - sealer_now();
    int64_t most = stamping_check(&job.stamping) ? STAMPS_AGAIN : CLOCK_AGAIN;
    return left > most ? (int)most : left < 0 ? 0 : (int)left;
}

static enum verdict remove_path(void *context, struct span record, struct edit *edit,
                                struct reason *reason)
{
    struct reason why;
    (void)context, (void)edit;
    if (!sealer_check(&job.sealer, record, reason))
        return VERDICT_REJECT;
    if (!sealer_remove(&job.sealer, record, &why)) {
        fail(&why);
        return VERDICT_DROP;
    }
    return job.tee ? VERDICT_PASS : VERDICT_DROP;
}

static bool read_key(struct reason *reason)
{
    char *passphrase;
    if (!secret_read("passphrase", job.passphrase_file, "AUDIT_SEAL_PASSPHRASE", &passphrase))
        return reason_set(reason, "%s", "");
    bool good = job.new_key != NULL ? seal_key_make(&job.key, job.new_key, passphrase, reason)
                                    : seal_key_private(&job.key, job.key_file, passphrase, reason);
    secret_free(passphrase);
    return good;
}

static void say(const char *text)
{
    filter_write(&filter, span_of(text));
}

static void summarize(void)
{
    const struct sealer *sealer = &job.sealer;
    char hex[DIGEST_HEX];
    digest_hex(sealer->previous, DIGEST_SIZE, hex);
    diag_warn("%" PRIu64 " events and %" PRIu64 " removals in %" PRIu32
              " seals; head %.*s  %s/%08" PRIu32 ".sha256",
              sealer->events, sealer->removals, sealer->seals, DIGEST_HEX, hex, sealer->head.log,
              sealer->head.number - 1);
}

static bool seal(const char *directory, struct reason *reason)
{
    struct intake intake = {
        .filter = &filter, .write = write_line, .take = take, .idle = idle, .tee = job.tee};
    job.sealer.published = stamp;
    stamping_begin(&job.stamping, &job.sealer.dir, &job.authority, has_no_stamp);
    if ((job.authority.url != NULL && !stamp_fetch_begin(reason)) ||
        !sealer_begin(&job.sealer, directory, &job.key, &job.options, reason))
        return false;
    if (job.removed)
        filter_lines(&filter, remove_path, NULL);
    else
        intake_run(&intake);
    /* After a failure the open seal is lost: it cannot be written. */
    bool whole = !job.sealer.failed && close_seal();
    filter_flush(&filter);
    stamping_end(&job.stamping);
    if (whole && (job.summary || isatty(STDERR_FILENO)))
        summarize();
    sealer_end(&job.sealer);
    return true;
}

static bool print_head(const char *directory, struct reason *reason)
{
    struct seal_dir dir;
    char line[SEAL_LINE_MAX];
    if (!seal_dir_open(&dir, directory, reason))
        return false;
    size_t len;
    bool good = seal_dir_head(&dir, line, &len, reason);
    if (good)
        filter_write(&filter, (struct span){line, len - 1});
    seal_dir_close(&dir);
    return good;
}

static bool stamp_all(const char *directory, struct reason *reason)
{
    struct seal_dir dir;
    uint32_t stamped;
    if (!seal_dir_open(&dir, directory, reason))
        return false;
    job.authority.timeout = 30;
    bool good = stamp_missing(&dir, &job.authority, &stamped, reason);
    if (job.summary || isatty(STDERR_FILENO))
        diag_warn("%" PRIu32 " seals were time-stamped", stamped);
    seal_dir_close(&dir);
    return good;
}

static bool work(const char *directory, struct reason *reason)
{
    if (job.head)
        return print_head(directory, reason);
    if (job.stamp_missing)
        return stamp_all(directory, reason);
    if (!read_key(reason))
        return false;
    if (job.new_key == NULL)
        return seal(directory, reason);
    say(job.key.fingerprint);
    return true;
}

static bool is_url(const char *text)
{
    struct url url;
    bool is = url_parse(&url, text);
    url_free(&url);
    return is;
}

/* Why the options and operands cannot be combined; NULL: they can. */
static const char *conflict(size_t operands)
{
    if (job.new_key != NULL)
        return operands > 0 ? "--new-key takes no operand" : NULL;
    if (operands == 0)
        return "the directory SEALS is missing";
    if ((job.head || job.stamp_missing) && operands > 1)
        return "--head and --stamp-missing read no events: SEALS is the only operand";
    if (job.stamp_missing && job.authority.url == NULL)
        return "--stamp-missing needs --tsa=URL";
    if (job.authority.url != NULL && !is_url(job.authority.url))
        return "--tsa: not a URL that begins with http:// or https://";
    if (!job.head && !job.stamp_missing && job.key_file == NULL)
        return "--key=FILE is missing; --new-key=FILE makes a key";
    return NULL;
}

static int run(char **operand, size_t operands)
{
    struct reason reason;
    const char *wrong = conflict(operands);
    if (wrong != NULL)
        return options_usage("%s", wrong);
    job.options.every = job.every / 1000000;
    if (filter_begin(&filter, operand + (operands > 0), operands - (operands > 0)) &&
        !work(operand[0], &reason) && reason.text[0] != '\0')
        diag_fail("%s", reason.text);
    seal_key_free(&job.key);
    return filter_end(&filter);
}

static const struct option_line options[] = {
    {.letter = 'k',
     .name = "key",
     .argument = "FILE",
     .help = "sign with the private key in FILE (PEM)",
     OPTION_TEXT(struct job, key_file)},
    {.name = "passphrase-file",
     .argument = "FILE",
     .help = "the key's passphrase (or $AUDIT_SEAL_PASSPHRASE)",
     .exact = true,
     OPTION_TEXT(struct job, passphrase_file)},
    {.name = "log",
     .argument = "NAME",
     .help = "the log's name; SEALS' own by default",
     OPTION_TEXT(struct job, options.log)},
    {.name = "every",
     .argument = "DURATION",
     .help = "close a seal at least this often (default 1h)",
     OPTION_INTERVAL(struct job, every, 1000000)},
    {.name = "tee",
     .help = "write each sealed line to standard output",
     OPTION_FLAG(struct job, tee)},
    {.name = "removed",
     .help = "read paths that were deleted on purpose, one a line,\nand seal their removal",
     OPTION_FLAG(struct job, removed)},
    {.name = "tsa",
     .argument = "URL",
     .help = "have each seal time-stamped by this authority (RFC 3161)",
     OPTION_TEXT(struct job, authority.url)},
    {.name = "cacert",
     .argument = "FILE",
     .help = "trust these authorities for --tsa's TLS certificate",
     OPTION_TEXT(struct job, authority.cacert)},
    {.name = "stamp-missing",
     .help = "time-stamp the seals that have no time stamp, and end",
     OPTION_FLAG(struct job, stamp_missing)},
    {.name = "head",
     .help = "print the newest seal's digest and name, and end",
     OPTION_FLAG(struct job, head)},
    {.name = "new-key",
     .argument = "FILE",
     .help = "make an Ed25519 key, FILE and FILE.pub, and end",
     OPTION_TEXT(struct job, new_key)},
    {.name = "summary",
     .help = "print a summary at the end, on standard error",
     OPTION_FLAG(struct job, summary)},
    {.name = NULL},
};

static const struct tool tool = {
    .name = "audit-seal",
    .operands = "[OPTION]... SEALS [FILE]...",
    .summary = "Hash each addressed event as it passes, and write signed seals to the directory\n"
               "SEALS: files that sha256sum and openssl check.",
    .options = {{options, &job}, {filter_options, &filter}},
    .run = run,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
