/* seal: seals, heads, signatures and time stamps from untrusted sources.
 *
 * Input: bytes.  As a seal they are read to their end: the writer must write exactly the bytes that
 * the reader accepts, so that no two texts mean the same; its paths are safe names below a
 * directory.  They are also read as a line, a path and a time stamp. */
#include "config.h"

#include "fuzz.h"
#include "seal/finding.h"
#include "seal/seal_file.h"
#include "seal/seal_stamp.h"

/* Grows with what is written to it. */
struct text {
    char *at;
    size_t len;
};

static void add(struct text *text, const char *at, size_t len)
{
    text->at = realloc(text->at, text->len + len + 1);
    HOLDS(text->at != NULL);
    memcpy(text->at + text->len, at, len);
    text->len += len;
}

static void check_path(const struct seal_entry *entry)
{
    struct span path = {entry->path, entry->path_len};
    char *name = fuzz_string(path);
    HOLDS(path.len > 0 && path.len <= SEAL_PATH_MAX && strlen(name) == path.len);
    HOLDS(name[0] != '/' && name[path.len - 1] != '/' && strstr(name, "//") == NULL);
    for (char *part = strtok(name, "/"); part != NULL; part = strtok(NULL, "/"))
        HOLDS(strcmp(part, ".") != 0 && strcmp(part, "..") != 0);
    free(name);
}

/* Reads the bytes as a seal, and writes it again. */
static void check_seal(struct span bytes)
{
    struct seal_reader reader;
    struct seal_entry entry;
    struct text again = {0};
    char line[SEAL_LINE_MAX], head[SEAL_HEAD_MAX];
    enum seal_item item = SEAL_BAD;
    bool good = seal_read(&reader, bytes);
    if (good) {
        HOLDS(seal_log_valid(span_of(reader.head.log)) && reader.head.number > 0);
        HOLDS(reader.head.from <= reader.head.to);
        add(&again, head, seal_head_write(&reader.head, head));
        while ((item = seal_next(&reader, &entry)) < SEAL_END) {
            struct span path = {entry.path, entry.path_len};
            check_path(&entry);
            HOLDS(item == SEAL_PREVIOUS || !seal_log_holds(reader.head.log, path));
            add(&again, line,
                item == SEAL_REMOVED ? seal_removed_write(path, line)
                                     : seal_entry_write(entry.digest, path, line));
        }
    }
    if (item == SEAL_END)
        HOLDS(span_equal(bytes, (struct span){again.at, again.len}));
    else
        HOLDS(fuzz_is_tame(reader.reason.text) && reader.reason.text[0] != '\0');
    free(again.at);
}

static void check_line(struct span bytes)
{
    struct seal_entry entry;
    struct reason reason;
    char log[SEAL_LOG_MAX + 1], line[SEAL_LINE_MAX];
    uint32_t number;
    if (seal_entry_read(bytes, &entry, &reason)) {
        struct span path = {entry.path, entry.path_len};
        size_t len = seal_entry_write(entry.digest, path, line);
        /* The caller finds a newline in the middle. */
        HOLDS(memchr(bytes.at, '\n', bytes.len) != NULL ||
              span_equal(bytes, (struct span){line, len - 1}));
    }
    if (seal_name_read(bytes, log, &number))
        HOLDS(seal_log_valid(span_of(log)) && number > 0 && number <= SEAL_NUMBER_MAX);
}

static void check_escapes(struct span bytes)
{
    char text[SEAL_PATH_ESCAPED], path[SEAL_PATH_MAX];
    bool escaped;
    size_t len;
    if (bytes.len > SEAL_PATH_MAX)
        bytes.len = SEAL_PATH_MAX;
    struct span written = {text, seal_path_escape(bytes, text, &escaped)};
    HOLDS(memchr(text, '\n', written.len) == NULL && memchr(text, '\r', written.len) == NULL);
    if (escaped)
        HOLDS(seal_path_unescape(written, path, &len) &&
              span_equal(bytes, (struct span){path, len}));
    else
        HOLDS(span_equal(bytes, written));
}

static void check_stamp(struct span bytes)
{
    static const unsigned char digest[DIGEST_SIZE];
    struct reason reason = {""};
    int64_t at;
    if (stamp_check(bytes, digest, NULL, &at, &reason) != STAMP_GOOD)
        HOLDS(reason.text[0] != '\0' && fuzz_is_tame(reason.text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = {(const char *)data, size};
    char *copy = fuzz_copy(bytes);
    bytes.at = copy;
    check_seal(bytes);
    check_line(bytes);
    check_escapes(bytes);
    check_stamp(bytes);
    free(copy);
    return 0;
}
