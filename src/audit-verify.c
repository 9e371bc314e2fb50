/* audit-verify: checks seals, and an archive against them. */
#include "config.h"

#include "base/interrupt.h"
#include "base/timestamp.h"
#include "base/tool.h"
#include "seal/intake.h"
#include "seal/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct job {
    struct verify verify;
    const char *head_file, *trust_file;
    struct option_time since, until;
    bool chain_only;
};

static struct filter filter = FILTER;
static struct job job = {.verify = {.out = &filter.out}};

static bool parse_key(void *context, const char *argument, struct reason *reason)
{
    struct verify *v = &((struct job *)context)->verify;
    if (v->keys == VERIFY_KEYS)
        return reason_set(reason, "there are at most %d keys", VERIFY_KEYS);
    v->key[v->keys++].file = argument;
    return true;
}

/* In milliseconds; `otherwise` if none was given. */
static int64_t time_given(const struct option_time *option, int64_t otherwise)
{
    return option->given ? option->time.seconds * 1000 + option->time.nanos / 1000000 : otherwise;
}

/* Handles an event that was read from a file or standard input. */
static bool note_event(void *context, const struct record *record,
                       const unsigned char digest[DIGEST_SIZE], struct span line,
                       struct reason *reason)
{
    struct verify *v = context;
    (void)line;
    if (record->name.len > SPILL_KEY_MAX)
        return reason_set(reason, "the path is longer than %d bytes", SPILL_KEY_MAX);
    if (!verify_found(v, record->name, HASHTREE_FILE, digest))
        filter.stop = true;
    return true;
}

static bool note_file(void *context, struct span path, enum hashtree_kind kind,
                      const unsigned char *digest)
{
    return verify_found(context, path, kind, digest);
}

/* The operand's descriptor if it is a directory, else -1. */
static int open_directory(const char *operand)
{
    struct stat status;
    if (strcmp(operand, "-") == 0 || stat(operand, &status) != 0 || !S_ISDIR(status.st_mode))
        return -1;
    return open(operand, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Notes everything in the archive.  False: it could not be read completely. */
static bool read_archive(struct verify *v, char **operand, size_t operands)
{
    int root = operands > 0 ? open_directory(operand[0]) : -1;
    if (root < 0) {
        /* An event with the sealed digest was checked when it was sealed. */
        struct intake intake = {.filter = &filter,
                                .take = note_event,
                                .expect = verify_expect,
                                .known = verify_settle,
                                .context = v,
                                .unchecked = true};
        intake_run(&intake);
        v->files += intake.known_events;
        return !filter.stop && interrupt_asked() == NULL;
    }
    struct hashtree tree = {.name = operand[0],
                            .root = root,
                            .skip = verify_skip,
                            .known = verify_settle,
                            .found = note_file,
                            .context = v};
    bool whole = hashtree_walk(&tree);
    v->files += tree.known_files;
    close(root);
    if (interrupt_asked() != NULL)
        diag_fail("stopped by %s: the archive was not read to its end", interrupt_asked());
    return whole;
}

static bool read_keys(struct verify *v, struct reason *reason)
{
    for (size_t i = 0; i < v->keys; i++)
        if (!seal_key_public(&v->key[i].key, v->key[i].file, reason))
            return false;
    return job.trust_file == NULL || (v->trust = stamp_trust(job.trust_file, reason)) != NULL;
}

/* False: the result is not known. */
static bool work(const char *seals, char **operand, size_t operands)
{
    struct verify *v = &job.verify;
    struct reason reason;
    v->with_archive = !job.chain_only;
    if (!read_keys(v, &reason)) {
        diag_fail("%s", reason.text);
        return false;
    }
    if ((job.head_file != NULL && !verify_read_heads(v, job.head_file)) || !verify_begin(v, seals))
        return false;
    if (!verify_chain(v))
        return false;
    if (!v->with_archive)
        return true;
    if (read_archive(v, operand, operands))
        return verify_archive(v);
    if (v->entries.spill.failed)
        diag_fail("%s", v->entries.spill.reason.text);
    return false;
}

/* Why the options and operands cannot be combined; NULL: they can. */
static const char *conflict(char **operand, size_t operands)
{
    struct stat status;
    if (job.verify.keys == 0)
        return "--key=FILE, the public key, is missing";
    if (operands == 0)
        return "the directory SEALS is missing";
    if (job.chain_only && operands > 1)
        return "--chain reads no archive: SEALS is the only operand";
    if (operands > 2)
        for (size_t i = 1; i < operands; i++)
            if (stat(operand[i], &status) == 0 && S_ISDIR(status.st_mode))
                return "an archive is one directory, or files of addressed events";
    return NULL;
}

static int run(char **operand, size_t operands)
{
    const char *wrong = conflict(operand, operands);
    if (wrong != NULL)
        return options_usage("%s", wrong);
    job.verify.since = time_given(&job.since, INT64_MIN);
    job.verify.until = time_given(&job.until, INT64_MAX);
    if (filter_begin(&filter, operand + 1, operands - 1)) {
        if (work(operand[0], operand + 1, operands - 1)) {
            verify_summary(&job.verify);
            if (job.verify.findings > 0)
                diag_raise(STATUS_REJECTED);
        } else {
            diag_raise(STATUS_FAILED);
        }
        filter_check_write(&filter, &filter.out);
    }
    verify_end(&job.verify);
    return filter_end(&filter);
}

static const struct option_line options[] = {
    {.letter = 'k',
     .name = "key",
     .argument = "FILE",
     .help = "a public key that signs the seals (PEM);\nmay be given more than once",
     OPTION_CALL(parse_key)},
    {.name = "head",
     .argument = "FILE",
     .help = "heads that were kept elsewhere, as printed by\naudit-seal --head",
     OPTION_TEXT(struct job, head_file)},
    {.name = "tsa-ca",
     .argument = "FILE",
     .help = "each seal must have a time stamp by these authorities (PEM)",
     OPTION_TEXT(struct job, trust_file)},
    {.name = "chain",
     .help = "check the seals alone, no archive",
     OPTION_FLAG(struct job, chain_only)},
    {.name = "since",
     .argument = "TIME",
     .help = "check only what was sealed since then",
     OPTION_TIME(struct job, since)},
    {.name = "until",
     .argument = "TIME",
     .help = "check only what was sealed before then",
     OPTION_TIME(struct job, until)},
    {.name = "json",
     .help = "write findings and summary as NDJSON",
     OPTION_FLAG(struct job, verify.json)},
    {.name = NULL},
};

static const struct tool tool = {
    .name = "audit-verify",
    .operands = "[OPTION]... --key=FILE SEALS [DIR | FILE...]",
    .summary = "Check the seals of audit-seal, and against them the files below DIR or the\n"
               "addressed events in FILEs or on standard input.",
    .options = {{options, &job}, {filter_options, &filter}},
    .run = run,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
