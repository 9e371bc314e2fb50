#include "config.h"

#include "seal/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Adds a head.  False: no memory. */
static bool add_head(struct verify *v, const struct verify_head *head)
{
    struct verify_head *heads = realloc(v->head, (v->heads + 1) * sizeof *heads);
    if (heads == NULL)
        return false;
    v->head = heads;
    v->head[v->heads++] = *head;
    return true;
}

bool verify_read_heads(struct verify *v, const char *file)
{
    char *line = NULL;
    size_t size = 0, number = 0;
    ssize_t len;
    struct reason reason;
    struct seal_entry entry;
    FILE *from = fopen(file, "re");
    bool good = from != NULL || reason_set(&reason, "%s: %s", file, strerror(errno));
    while (good && (errno = 0, (len = getline(&line, &size, from)) >= 0)) {
        struct verify_head head = {0};
        struct span text = {line, (size_t)len};
        struct reason why;
        number++;
        if (text.len > 0 && text.at[text.len - 1] == '\n')
            text.len--;
        if (text.len == 0 || text.at[0] == '#')
            continue;
        if (!seal_entry_read(text, &entry, &why) ||
            !seal_name_read((struct span){entry.path, entry.path_len}, head.log, &head.number)) {
            good = reason_set(&reason, "%s:%zu: not a head as `audit-seal --head` prints it", file,
                              number);
            break;
        }
        memcpy(head.digest, entry.digest, DIGEST_SIZE);
        good = add_head(v, &head) || reason_set(&reason, "%s", strerror(ENOMEM));
    }
    if (good && errno != 0)
        good = reason_set(&reason, "%s: %s", file, strerror(errno));
    if (good && v->heads == 0)
        good = reason_set(&reason, "%s: there is no head in it", file);
    if (from != NULL)
        fclose(from);
    free(line);
    if (!good)
        diag_fail("%s", reason.text);
    return good;
}

__attribute__((format(printf, 2, 3))) static void put(struct verify *v, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (len > 0)
        out_write(v->out,
                  (struct span){text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1});
}

/* Writes the newest seal in the format of `audit-seal --head`. */
static void put_head(struct verify *v)
{
    char hex[DIGEST_HEX];
    digest_hex(v->newest_digest, DIGEST_SIZE, hex);
    put(v, "%.*s  %s/%08" PRIu32 ".sha256", DIGEST_HEX, hex, v->log, v->newest);
}

static void put_json(struct verify *v, const char *from, const char *to)
{
    put(v,
        "{\"summary\":{\"log\":\"%s\",\"seals\":%" PRIu64 ",\"first\":%" PRIu32
        ",\"last\":%" PRIu32,
        v->log, v->seals, v->first_number, v->newest);
    if (v->first_number > 0)
        put(v, ",\"from\":\"%.*s\",\"to\":\"%.*s\"", SEAL_TIME_TEXT, from, SEAL_TIME_TEXT, to);
    put(v, ",\"events\":%" PRIu64 ",\"removals\":%" PRIu64, v->sealed, v->removals);
    if (v->with_archive)
        put(v, ",\"archive\":%" PRIu64, v->files);
    if (v->newest > 0) {
        put(v, ",\"head\":\"");
        put_head(v);
        put(v, "\"");
    }
    put(v, ",\"keys\":{");
    bool first = true;
    for (size_t i = 0; i < v->keys; i++) {
        put(v, "%s\"%s\":%" PRIu64, first ? "" : ",", v->key[i].key.fingerprint, v->key[i].seals);
        first = false;
    }
    put(v, "},\"stamps\":%" PRIu64 ",\"stamps_verified\":%" PRIu64, v->stamps, v->stamps_checked);
    if (v->late >= 0)
        put(v, ",\"stamped_within\":%.3f", (double)v->late / 1000);
    put(v, ",\"findings\":%" PRIu64 "}}\n", v->findings);
}

static void put_text(struct verify *v, const char *from, const char *to)
{
    put(v, "log %s, %" PRIu64 " seals", v->log[0] != '\0' ? v->log : "-", v->seals);
    if (v->first_number > 0)
        put(v, ", %08" PRIu32 " to %08" PRIu32 ", %.*s to %.*s", v->first_number, v->newest,
            SEAL_TIME_TEXT, from, SEAL_TIME_TEXT, to);
    put(v, "\nsealed %" PRIu64 " events", v->sealed);
    if (v->removals > 0)
        put(v, ", %" PRIu64 " removals", v->removals);
    if (v->with_archive)
        put(v, "; in the archive: %" PRIu64, v->files);
    put(v, "\n");
    for (size_t i = 0; i < v->keys; i++)
        if (v->key[i].seals > 0)
            put(v, "key %s (%s), %" PRIu64 " seals\n", v->key[i].key.fingerprint, v->key[i].file,
                v->key[i].seals);
    if (v->stamps > 0 && v->trust == NULL)
        put(v, "time stamps, %" PRIu64 "; who signed them was not checked (--tsa-ca)\n", v->stamps);
    else if (v->stamps > 0)
        put(v,
            "time stamps, %" PRIu64 " of %" PRIu64 " verified, at most %" PRId64
            " s after their seals\n",
            v->stamps_checked, v->stamps, v->late < 0 ? 0 : (v->late + 999) / 1000);
    if (v->newest > 0) {
        put(v, "head ");
        put_head(v);
        put(v, "\n");
    }
    if (v->findings == 0)
        put(v, "sound, nothing was found\n");
    else
        put(v, "NOT SOUND, %" PRIu64 " finding%s\n", v->findings, v->findings == 1 ? "" : "s");
}

void verify_summary(struct verify *v)
{
    char from[SEAL_TIME_TEXT], to[SEAL_TIME_TEXT];
    seal_time_write(v->from, from);
    seal_time_write(v->to, to);
    if (v->json)
        put_json(v, from, to);
    else
        put_text(v, from, to);
}
