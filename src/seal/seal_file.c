#include "config.h"

#include "base/timestamp.h"
#include "seal/seal_file.h"

#include <inttypes.h>
#include <stdio.h>

static bool is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool seal_log_valid(struct span name)
{
    if (name.len == 0 || name.len > SEAL_LOG_MAX || !is_alphanumeric(name.at[0]))
        return false;
    for (size_t i = 1; i < name.len; i++)
        if (!is_alphanumeric(name.at[i]) && memchr("._-", name.at[i], 3) == NULL)
            return false;
    return true;
}

bool seal_log_holds(const char *log, struct span path)
{
    size_t len = strlen(log);
    return path.len >= len && memcmp(path.at, log, len) == 0 &&
           (path.len == len || path.at[len] == '/');
}

/* The digits of a number that fits into `width`. */
static char *put_digits(char *to, int64_t number, int width)
{
    for (int i = width - 1; i >= 0; i--, number /= 10)
        to[i] = (char)('0' + number % 10);
    return to + width;
}

void seal_time_write(int64_t milliseconds, char text[SEAL_TIME_TEXT])
{
    struct civil c = timestamp_civil(milliseconds / 1000, 0);
    char *to = put_digits(text, c.year, 4);
    *to++ = '-';
    to = put_digits(to, c.month, 2);
    *to++ = '-';
    to = put_digits(to, c.day, 2);
    *to++ = 'T';
    to = put_digits(to, c.hour, 2);
    *to++ = ':';
    to = put_digits(to, c.minute, 2);
    *to++ = ':';
    to = put_digits(to, c.second, 2);
    *to++ = '.';
    to = put_digits(to, milliseconds % 1000, 3);
    *to = 'Z';
}

void seal_name(uint32_t number, const char *suffix, char name[SEAL_NAME_MAX])
{
    char *to = put_digits(name, number, 8);
    memcpy(to, suffix, strlen(suffix) + 1);
}

size_t seal_head_write(const struct seal_head *head, char text[SEAL_HEAD_MAX])
{
    char from[SEAL_TIME_TEXT], to[SEAL_TIME_TEXT];
    seal_time_write(head->from, from);
    seal_time_write(head->to, to);
    return (size_t)snprintf(text, SEAL_HEAD_MAX,
                            "# audit-seal 1\n# log %s\n# number %" PRIu32
                            "\n# from %.*s\n# to %.*s\n# every %" PRId64
                            "\n# key %s\n# events %" PRIu64 "\n# removals %" PRIu64 "\n",
                            head->log, head->number, SEAL_TIME_TEXT, from, SEAL_TIME_TEXT, to,
                            head->every, head->key, head->events, head->removals);
}

size_t seal_entry_write(const unsigned char digest[DIGEST_SIZE], struct span path,
                        char text[SEAL_LINE_MAX])
{
    bool escaped;
    char *to = text + 1;
    digest_hex(digest, DIGEST_SIZE, to);
    to += DIGEST_HEX;
    *to++ = ' ';
    *to++ = ' ';
    to += seal_path_escape(path, to, &escaped);
    *to++ = '\n';
    size_t len = (size_t)(to - text);
    text[0] = '\\';
    if (escaped)
        return len;
    memmove(text, text + 1, len - 1);
    return len - 1;
}

size_t seal_removed_write(struct span path, char text[SEAL_LINE_MAX])
{
    static const char begin[] = "# removed ";
    bool escaped;
    char *to = text + sizeof begin - 1;
    memcpy(text, begin, sizeof begin - 1);
    size_t len = seal_path_escape(path, to + 1, &escaped);
    if (escaped)
        *to++ = '\\';
    else
        memmove(to, to + 1, len);
    to += len;
    *to++ = '\n';
    return (size_t)(to - text);
}

size_t seal_previous_write(const unsigned char digest[DIGEST_SIZE], const char *log,
                           uint32_t number, char text[SEAL_LINE_MAX])
{
    char name[SEAL_NAME_MAX], path[SEAL_LOG_MAX + 1 + SEAL_NAME_MAX];
    seal_name(number, ".sha256", name);
    int len = snprintf(path, sizeof path, "%s/%s", log, name);
    return seal_entry_write(digest, (struct span){path, (size_t)len}, text);
}

/* The next line, without its newline.  False: there is none, or it has no newline. */
static bool next_line(struct seal_reader *r, struct span *line)
{
    const char *newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
    r->line++;
    if (newline == NULL)
        return reason_set(&r->reason,
                          r->at == r->end ? "the file ends too early" : "the last line is cut off");
    *line = span_between(r->at, newline);
    r->at = newline + 1;
    if (line->len > 0 && line->at[line->len - 1] == '\r')
        return reason_set(&r->reason, "the line ends in CR LF: the file was converted");
    return true;
}

/* The value of the next line, which must be "# NAME VALUE". */
static bool field(struct seal_reader *r, const char *name, struct span *value)
{
    struct span line = {NULL, 0};
    size_t len = strlen(name);
    if (!next_line(r, &line))
        return false;
    if (line.len < len + 3 || memcmp(line.at, "# ", 2) != 0 ||
        memcmp(line.at + 2, name, len) != 0 || line.at[len + 2] != ' ')
        return reason_set(&r->reason, "the line '# %s …' is expected here", name);
    *value = span_between(line.at + len + 3, span_end(line));
    return true;
}

/* Parses a number: decimal digits, no leading zero, at most `most`. */
static bool read_number(struct span text, uint64_t most, uint64_t *number)
{
    *number = 0;
    if (text.len == 0 || text.len > 18 || (text.at[0] == '0' && text.len > 1))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        *number = *number * 10 + (uint64_t)(text.at[i] - '0');
    }
    return *number <= most;
}

static bool number_field(struct seal_reader *r, const char *name, uint64_t least, uint64_t most,
                         uint64_t *number)
{
    struct span value;
    if (!field(r, name, &value))
        return false;
    if (read_number(value, most, number) && *number >= least)
        return true;
    return reason_set(&r->reason, "'# %s': not a number from %" PRIu64 " to %" PRIu64, name, least,
                      most);
}

static bool time_field(struct seal_reader *r, const char *name, int64_t *milliseconds)
{
    struct span value;
    struct timestamp time;
    char text[SEAL_TIME_TEXT];
    if (!field(r, name, &value))
        return false;
    if (value.len == SEAL_TIME_TEXT && timestamp_parse(value, &time) && time.seconds >= 0) {
        *milliseconds = time.seconds * 1000 + time.nanos / 1000000;
        seal_time_write(*milliseconds, text);
        if (memcmp(value.at, text, SEAL_TIME_TEXT) == 0)
            return true;
    }
    return reason_set(&r->reason, "'# %s': not a time like 2026-11-27T17:00:00.000Z", name);
}

/* A lower-case hexadecimal digit's value plus one; 0: not a digit. */
static const unsigned char hex_digits[256] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16};

/* Parses 64 lower-case hexadecimal digits. */
static bool read_digest(const char *text, unsigned char digest[DIGEST_SIZE])
{
    const unsigned char *at = (const unsigned char *)text;
    bool good = true;
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        unsigned high = hex_digits[at[2 * i]], low = hex_digits[at[2 * i + 1]];
        good = good && high > 0 && low > 0;
        digest[i] = (unsigned char)((high - 1) << 4 | (low - 1));
    }
    return good;
}

static bool read_version(struct seal_reader *r)
{
    struct span line = {NULL, 0};
    if (!next_line(r, &line))
        return false;
    if (span_equal(line, SPAN("# audit-seal 1")))
        return true;
    if (line.len > 13 && memcmp(line.at, "# audit-seal ", 13) == 0)
        return reason_set(&r->reason, "the seal has a format that this version does not know");
    return reason_set(&r->reason, "this is not a seal: the first line is not '# audit-seal 1'");
}

bool seal_read(struct seal_reader *r, struct span bytes)
{
    struct seal_head *head = &r->head;
    struct span log, key;
    uint64_t number, every;
    unsigned char fingerprint[DIGEST_SIZE];
    *r = (struct seal_reader){.at = bytes.at, .end = span_end(bytes)};
    if (bytes.len > SEAL_MAX)
        return reason_set(&r->reason, "the file is larger than a seal can be");
    if (!read_version(r) || !field(r, "log", &log))
        return false;
    if (!seal_log_valid(log))
        return reason_set(&r->reason, "'# log': not a log's name");
    memcpy(head->log, log.at, log.len);
    if (!number_field(r, "number", 1, SEAL_NUMBER_MAX, &number) ||
        !time_field(r, "from", &head->from) || !time_field(r, "to", &head->to))
        return false;
    head->number = (uint32_t)number;
    if (head->to < head->from)
        return reason_set(&r->reason, "'# to' is before '# from'");
    if (!number_field(r, "every", 1, INT32_MAX, &every) || !field(r, "key", &key))
        return false;
    head->every = (int64_t)every;
    if (key.len != DIGEST_HEX || !read_digest(key.at, fingerprint))
        return reason_set(&r->reason, "'# key': not the fingerprint of a key");
    memcpy(head->key, key.at, DIGEST_HEX);
    return number_field(r, "events", 0, SEAL_MAX, &head->events) &&
           number_field(r, "removals", 0, SEAL_MAX, &head->removals);
}

bool seal_entry_read(struct span line, struct seal_entry *entry, struct reason *reason)
{
    bool escaped = line.len > 0 && line.at[0] == '\\';
    entry->removed = false;
    if (escaped)
        line = span_between(line.at + 1, span_end(line));
    if (line.len >= 6 && memcmp(line.at, "SHA256", 6) == 0)
        return reason_set(reason,
                          "the line has the BSD style of a checksum, which a seal never has");
    if (line.len < DIGEST_HEX + 3 || !read_digest(line.at, entry->digest) ||
        memcmp(line.at + DIGEST_HEX, "  ", 2) != 0)
        return reason_set(reason,
                          "the line is not 64 lower-case hexadecimal digits, two spaces and "
                          "a path");
    struct span path = span_between(line.at + DIGEST_HEX + 2, span_end(line));
    if (escaped) {
        if (seal_path_unescape(path, entry->path, &entry->path_len))
            return true;
        return reason_set(reason, "the path is not escaped as sha256sum does it");
    }
    if (path.len > SEAL_PATH_MAX)
        return reason_set(reason, "the path is longer than %d bytes", SEAL_PATH_MAX);
    if (memchr(path.at, '\\', path.len) != NULL || memchr(path.at, '\r', path.len) != NULL)
        return reason_set(reason, "a backslash or carriage return is not escaped");
    memcpy(entry->path, path.at, path.len);
    entry->path_len = path.len;
    return true;
}

bool seal_number_read(struct span name, const char *suffix, uint32_t *number)
{
    size_t len = strlen(suffix);
    if (name.len != 8 + len || memcmp(name.at + 8, suffix, len) != 0)
        return false;
    *number = 0;
    for (size_t i = 0; i < 8; i++) {
        if (name.at[i] < '0' || name.at[i] > '9')
            return false;
        *number = *number * 10 + (uint32_t)(name.at[i] - '0');
    }
    return *number > 0;
}

bool seal_name_read(struct span path, char log[SEAL_LOG_MAX + 1], uint32_t *number)
{
    const char *slash = memchr(path.at, '/', path.len);
    if (slash == NULL)
        return false;
    struct span name = span_between(path.at, slash);
    if (!seal_log_valid(name) ||
        !seal_number_read(span_between(slash + 1, span_end(path)), ".sha256", number))
        return false;
    memcpy(log, name.at, name.len);
    log[name.len] = '\0';
    return true;
}

static enum seal_item bad(struct seal_reader *r, const char *reason)
{
    reason_set(&r->reason, "%s", reason);
    return SEAL_BAD;
}

static enum seal_item read_previous(struct seal_reader *r, struct span line,
                                    struct seal_entry *entry)
{
    char log[SEAL_LOG_MAX + 1];
    uint32_t number;
    r->previous_read = true;
    if (!seal_entry_read(line, entry, &r->reason))
        return SEAL_BAD;
    if (!seal_name_read((struct span){entry->path, entry->path_len}, log, &number) ||
        strcmp(log, r->head.log) != 0 || number != r->head.number - 1)
        return bad(r, "the first entry is not the seal before this one");
    return SEAL_PREVIOUS;
}

static bool check_path(struct seal_reader *r, const struct seal_entry *entry)
{
    struct span path = {entry->path, entry->path_len};
    if (!seal_path_check(path, &r->reason))
        return false;
    if (seal_log_holds(r->head.log, path))
        return reason_set(&r->reason, "the path is in the directory of the seals");
    return true;
}

static enum seal_item read_removed(struct seal_reader *r, struct span line,
                                   struct seal_entry *entry)
{
    static const char begin[] = "# removed ";
    struct span path = line;
    if (line.len <= sizeof begin - 1 || memcmp(line.at, begin, sizeof begin - 1) != 0)
        return bad(r, "a seal has no such comment");
    entry->removed = true;
    path.at += sizeof begin - 1;
    path.len -= sizeof begin - 1;
    if (path.at[0] == '\\') {
        if (!seal_path_unescape(span_between(path.at + 1, span_end(path)), entry->path,
                                &entry->path_len))
            return bad(r, "the path is not escaped as sha256sum does it");
    } else {
        if (path.len > SEAL_PATH_MAX || memchr(path.at, '\\', path.len) != NULL ||
            memchr(path.at, '\r', path.len) != NULL)
            return bad(r, "the path is too long, or not escaped as sha256sum does it");
        memcpy(entry->path, path.at, path.len);
        entry->path_len = path.len;
    }
    if (!check_path(r, entry))
        return SEAL_BAD;
    if (++r->removals > r->head.removals)
        return bad(r, "there are more removals than '# removals' says");
    return SEAL_REMOVED;
}

static enum seal_item read_end(struct seal_reader *r)
{
    r->line++;
    if (!r->previous_read && r->head.number > 1)
        return bad(r, "the entry of the seal before this one is missing");
    if (r->events < r->head.events)
        return bad(r, "there are fewer events than '# events' says");
    if (r->removals < r->head.removals)
        return bad(r, "there are fewer removals than '# removals' says");
    return SEAL_END;
}

enum seal_item seal_next(struct seal_reader *r, struct seal_entry *entry)
{
    struct span line;
    if (r->at == r->end)
        return read_end(r);
    if (!next_line(r, &line))
        return SEAL_BAD;
    if (!r->previous_read && r->head.number > 1)
        return read_previous(r, line, entry);
    if (line.len > 0 && line.at[0] == '#')
        return read_removed(r, line, entry);
    if (!seal_entry_read(line, entry, &r->reason) || !check_path(r, entry))
        return SEAL_BAD;
    if (++r->events > r->head.events)
        return bad(r, "there are more events than '# events' says");
    return SEAL_EVENT;
}
