#include "config.h"

#include "seal/verify.h"
#include "seal/verify_entry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

enum { VERSIONS = 16 }; /* sealed contents of one path that are remembered */

void verify_expect(void *context, struct span path)
{
    const struct verify *v = context;
    entries_expect(&v->entries, path);
}

bool verify_settle(void *context, struct span path, const unsigned char digest[DIGEST_SIZE])
{
    struct verify *v = context;
    return entries_settle(&v->entries, path, digest);
}

bool verify_found(struct verify *v, struct span path, enum hashtree_kind kind,
                  const unsigned char *digest)
{
    static const enum entry_type type[] = {[HASHTREE_FILE] = ENTRY_FOUND,
                                           [HASHTREE_LINK] = ENTRY_LINK,
                                           [HASHTREE_SPECIAL] = ENTRY_SPECIAL};
    v->files++;
    if (digest == NULL) /* cannot be settled, but opens the path */
        entries_settle(&v->entries, path, NULL);
    return entries_add_found(&v->entries, path, type[kind], digest);
}

bool verify_skip(void *context, struct span path, const struct stat *status, int parent,
                 const char *name)
{
    const struct verify *v = context;
    static const char staging[] =
        ".audit-fileput"; /* audit-fileput's staging directories begin with this */
    struct stat seals, here;
    if (memchr(path.at, '/', path.len) != NULL && !S_ISDIR(status->st_mode))
        return false;
    if (S_ISDIR(status->st_mode) && memchr(path.at, '/', path.len) == NULL &&
        strncmp(name, staging, sizeof staging - 1) == 0)
        return true;
    if (S_ISREG(status->st_mode) || fstat(v->dir.fd, &seals) != 0)
        return false;
    /* The seals themselves, or a link to them with the log's name. */
    here = *status;
    if (S_ISLNK(status->st_mode) &&
        (!span_equal(path, span_of(v->log)) || fstatat(parent, name, &here, 0) != 0))
        return false;
    return here.st_dev == seals.st_dev && here.st_ino == seals.st_ino;
}

/* The state of the current path. */
struct subject {
    char path[SPILL_KEY_MAX];
    size_t len;
    struct entry_value last;              /* the newest entry of a seal */
    struct entry_value version[VERSIONS]; /* the sealed contents, the newest last */
    size_t versions;
    bool sealed; /* there is an entry */
    bool found;
};

/* Keeps a finding about an event, to be written in the order of paths. */
static bool keep_finding(struct verify *v, const struct subject *s, enum finding_kind kind,
                         const struct entry_value *there, const char *detail)
{
    struct kept_finding kept = {.kind = (unsigned char)kind};
    if (s->sealed) {
        kept.seal = s->last.number;
        memcpy(kept.expected, s->last.digest, DIGEST_SIZE);
    }
    if (there != NULL)
        memcpy(kept.found, there->digest, DIGEST_SIZE);
    if (detail != NULL)
        snprintf(kept.detail, sizeof kept.detail, "%s", detail);
    v->findings++;
    struct spill_record record = {
        .order = v->order++, .key = {s->path, s->len}, .value = {(const char *)&kept, sizeof kept}};
    return spill_add(&v->events, &record);
}

/* Judges an event of the archive. */
static bool judge_found(struct verify *v, const struct subject *s, const struct entry_value *there)
{
    char detail[96];
    if (there->type == ENTRY_LINK)
        return keep_finding(v, s, FINDING_NOT_A_FILE, NULL, "it is a symbolic link");
    if (there->type == ENTRY_SPECIAL)
        return keep_finding(v, s, FINDING_NOT_A_FILE, NULL, "it is not a regular file");
    if (!s->sealed)
        return keep_finding(v, s, FINDING_NOT_SEALED, there, NULL);
    if (s->last.type == ENTRY_REMOVED) {
        snprintf(detail, sizeof detail, "seal %08" PRIu32 " says that it was removed",
                 s->last.number);
        return keep_finding(v, s, FINDING_NOT_REMOVED, there, detail);
    }
    if (memcmp(s->last.digest, there->digest, DIGEST_SIZE) == 0)
        return true;
    for (size_t i = 0; i < s->versions; i++)
        if (memcmp(s->version[i].digest, there->digest, DIGEST_SIZE) == 0) {
            snprintf(detail, sizeof detail,
                     "seal %08" PRIu32 " has other bytes; these are of seal %08" PRIu32,
                     s->last.number, s->version[i].number);
            return keep_finding(v, s, FINDING_CHANGED, there, detail);
        }
    snprintf(detail, sizeof detail, "seal %08" PRIu32 " has other bytes", s->last.number);
    return keep_finding(v, s, FINDING_CHANGED, there, detail);
}

/* Ends the path: reports it if it is missing. */
static bool judge_end(struct verify *v, const struct subject *s)
{
    char detail[64];
    if (!s->sealed || s->found || s->last.type == ENTRY_REMOVED || !s->last.wanted)
        return true;
    snprintf(detail, sizeof detail, "seal %08" PRIu32 " has it", s->last.number);
    return keep_finding(v, s, FINDING_MISSING, NULL, detail);
}

static void add_version(struct subject *s, const struct entry_value *value)
{
    if (s->versions == VERSIONS) {
        memmove(s->version, s->version + 1, (VERSIONS - 1) * sizeof *s->version);
        s->versions--;
    }
    s->version[s->versions++] = *value;
}

/* Takes the next record of the current path. */
static bool take(struct verify *v, struct subject *s, const struct entry_value *value)
{
    if (value->type >= ENTRY_FOUND) {
        s->found = true;
        return judge_found(v, s, value);
    }
    s->last = *value;
    s->sealed = true;
    if (value->type == ENTRY_SEALED)
        add_version(s, value);
    return true;
}

/* Compares the sealed entries and those of the archive, path by path. */
static bool compare(struct verify *v)
{
    static struct subject subject;
    struct spill_record record;
    struct entry_value value;
    bool any = false, good = true;
    while (good && spill_next(&v->entries.spill, &record)) {
        struct span path = {subject.path, subject.len};
        if (!any || !span_equal(path, record.key)) {
            good = !any || judge_end(v, &subject);
            any = true;
            subject.len = record.key.len;
            memcpy(subject.path, record.key.at, record.key.len);
            subject.sealed = subject.found = false;
            subject.versions = 0;
        }
        memcpy(&value, record.value.at, sizeof value);
        good = good && take(v, &subject, &value);
    }
    return good && (!any || judge_end(v, &subject)) && !v->entries.spill.failed;
}

/* Writes the findings about events, in the order of their paths. */
static bool write_events(struct verify *v)
{
    struct spill_record record;
    struct kept_finding kept;
    if (!spill_sort(&v->events))
        return false;
    while (v->out->error == 0 && spill_next(&v->events, &record)) {
        memcpy(&kept, record.value.at, sizeof kept);
        struct finding finding = {.kind = (enum finding_kind)kept.kind,
                                  .subject = record.key,
                                  .seal = kept.seal,
                                  .detail = kept.detail[0] != '\0' ? kept.detail : NULL};
        if (finding.kind == FINDING_CHANGED || finding.kind == FINDING_MISSING)
            finding.expected = kept.expected;
        if (finding.kind == FINDING_CHANGED || finding.kind == FINDING_NOT_SEALED ||
            finding.kind == FINDING_NOT_REMOVED)
            finding.found = kept.found;
        finding_write(v->out, &finding, v->json);
    }
    return !v->events.failed;
}

bool verify_archive(struct verify *v)
{
    if (!entries_sort(&v->entries, &v->dir) || !compare(v)) {
        const struct spill *failed = v->events.failed ? &v->events : &v->entries.spill;
        diag_fail("%s", failed->reason.text);
        return false;
    }
    if (write_events(v))
        return true;
    diag_fail("%s", v->events.reason.text);
    return false;
}
