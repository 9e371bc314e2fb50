/* base-units: checks of src/base for cases that no command line reaches: lines that several
 * processes append to one file, spellings of secrets, MACs, hashes.
 *
 *     base-units DIRECTORY
 *
 * Works in the directory.  Prints each check that fails, and how many there were; status 1 if any
 * failed. */
#include "config.h"

#include "base/append.h"
#include "base/diag.h"
#include "base/hash.h"
#include "base/mac.h"
#include "base/redact.h"
#include "check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* The file's bytes, NUL-terminated; the caller frees them. */
static char *read_all(const char *file, size_t *len)
{
    size_t capacity = 1 << 16;
    char *bytes = malloc(capacity);
    FILE *from = fopen(file, "re");
    *len = 0;
    while (bytes != NULL && from != NULL) {
        size_t n = fread(bytes + *len, 1, capacity - *len - 1, from);
        *len += n;
        if (n == 0)
            break;
        if (capacity - *len < 2)
            bytes = realloc(bytes, capacity *= 2);
    }
    if (from != NULL)
        fclose(from);
    if (bytes == NULL || from == NULL) {
        perror(file);
        exit(2);
    }
    bytes[*len] = '\0';
    return bytes;
}

static bool file_is(const char *file, const char *expected)
{
    size_t len;
    char *bytes = read_all(file, &len);
    bool same = len == strlen(expected) && memcmp(bytes, expected, len) == 0;
    if (!same)
        printf("%s holds \"%.200s\", not \"%.200s\"\n", file, bytes, expected);
    free(bytes);
    return same;
}

static void put_file(const char *file, const char *bytes)
{
    FILE *to = fopen(file, "we");
    if (to == NULL || fputs(bytes, to) < 0 || fclose(to) != 0) {
        perror(file);
        exit(2);
    }
}

static void check_append_lines(void)
{
    struct append append;
    const struct span pieces[] = {SPAN_INIT("{\"n\":"), SPAN_INIT(""), SPAN_INIT("1}")};
    put_file("lines", "");
    check(append_open(&append, "lines"), "append_open() of an empty file");
    check(append_line(&append, pieces, 3), "append_line() of three pieces");
    check(append_line(&append, NULL, 0), "append_line() of no piece");
    check(file_is("lines", ""), "lines wait for append_flush()");
    check(append_flush(&append) && file_is("lines", "{\"n\":1}\n\n"), "append_flush()");
    check(append_line(&append, pieces, 1) && append_close(&append), "append_close() flushes");
    check(file_is("lines", "{\"n\":1}\n\n{\"n\":\n"), "lines in order");

    check(!append_open(&append, "missing/lines") && append.fd == -1, "a file that cannot be made");
    check(append_open(&append, "/dev/full"), "append_open() of a device");
    check(append_line(&append, pieces, 3), "append_line() of a device");
    check(!append_flush(&append) && append.error != 0, "append_flush() on a full disk fails");
    check(!append_line(&append, pieces, 3) && !append_close(&append), "nothing follows a failure");
}

/* A torn line is ended first, by every append, whichever process has left it. */
static void check_append_torn(void)
{
    struct append append;
    const struct span line = SPAN_INIT("whole");
    put_file("torn", "{\"torn\":");
    check(append_open(&append, "torn") && append_line(&append, &line, 1) && append_flush(&append),
          "append to a torn file");
    check(file_is("torn", "{\"torn\":\nwhole\n"), "a torn line is ended");
    FILE *other = fopen("torn", "ae");
    check(other != NULL && fputs("half", other) >= 0 && fclose(other) == 0, "another writer");
    check(append_part(&append, SPAN("part")) && append_parts_end(&append) && append_close(&append),
          "append of parts to a torn file");
    check(file_is("torn", "{\"torn\":\nwhole\nhalf\npart\n"), "a torn line is ended again");
}

static void check_append_parts(void)
{
    enum { PART = 1000, PARTS = 300 }; /* more than is kept in memory */
    char part[PART];
    struct append append;
    size_t len;
    memset(part, 'x', sizeof part);
    put_file("parts", "");
    check(append_open(&append, "parts") && append_parts_end(&append), "an end without parts");
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < PARTS; i++)
            append_part(&append, (struct span){part, sizeof part});
        check(append_line(&append, &(const struct span)SPAN_INIT("between"), 1),
              "a line between the parts of another");
        check(append_part(&append, span_of(round == 0 ? "y" : "\n")), "a last part");
        check(append_parts_end(&append), "append_parts_end()");
    }
    check(append_close(&append), "append_close() after parts");
    char *bytes = read_all("parts", &len);
    check(len == 2 * (8 + PART * PARTS) + 3, "all parts are there");
    check(memcmp(bytes, "between\nxxx", 11) == 0, "the line comes first");
    check(memcmp(bytes + 8 + PART * PARTS - 1, "xy\nbetween\nxxx", 14) == 0,
          "the end is a newline");
    check(memcmp(bytes + len - 3, "xx\n", 3) == 0, "no second newline is added");
    free(bytes);
}

/* One of several processes: lines of one letter each, short and long, whole and in parts. */
static void append_letters(char letter, unsigned lines)
{
    enum { LONGEST = 700000 };
    struct append append;
    char *line = malloc(LONGEST);
    bool good = line != NULL && append_open(&append, "shared");
    for (unsigned i = 0; good && i < lines; i++) {
        struct span bytes = {line, (i * 7919u * (unsigned char)letter) % LONGEST + 1};
        memset(line, letter, bytes.len);
        if (i % 3 == 0) {
            size_t half = bytes.len / 2;
            good = append_part(&append, (struct span){line, half}) &&
                   append_part(&append, (struct span){line + half, bytes.len - half}) &&
                   append_parts_end(&append);
        } else {
            good = append_line(&append, &bytes, 1);
        }
    }
    _exit(good && append_close(&append) ? 0 : 1);
}

static void check_append_processes(void)
{
    enum { PROCESSES = 4, LINES = 60 };
    size_t len, lines = 0, mixed = 0;
    int status;
    put_file("shared", "");
    for (int i = 0; i < PROCESSES; i++)
        if (fork() == 0)
            append_letters((char)('a' + i), LINES);
    for (int i = 0; i < PROCESSES; i++)
        check(wait(&status) > 0 && status == 0, "a process that appends");
    char *bytes = read_all("shared", &len);
    for (char *at = bytes; *at != '\0'; lines++) {
        size_t same = strspn(at, (char[]){*at, '\0'});
        mixed += at[same] != '\n' || *at == '\n';
        at = strchr(at, '\n') + 1;
    }
    check(lines == PROCESSES * LINES, "as many lines as were appended");
    check(mixed == 0, "no line has another's bytes");
    free(bytes);
}

#define SECRET "s3cr&t/\"To+k e\\n%41~\xc3\xa9"

/* Texts that contain a secret, and their printed forms. */
static void check_redact_spellings(void)
{
    static const char *const rows[][2] = {
        {"said '" SECRET "' aloud", "said '" REDACTED "' aloud"},
        {SECRET SECRET, REDACTED REDACTED},
        {"t=s3cr%26t%2F%22To%2Bk%20e%5Cn%2541%7E%C3%A9&x", "t=" REDACTED "&x"},
        {"t=s3cr%26t%2f%22To%2bk+e%5cn%2541~%c3%a9&x", "t=" REDACTED "&x"},
        {"t=%73%33%63%72%26%74/%22To%2Bk%20e%5Cn%2541%7E%C3%A9", "t=" REDACTED},
        {"t=s3cr%2526t%252F%2522To%252Bk%2520e%255Cn%252541~%25C3%25A9.", "t=" REDACTED "."},
        {"\"s3cr&t\\/\\\"To+k e\\\\n%41~\xc3\xa9\"", "\"" REDACTED "\""},
        {"\"s3cr\\u0026t\\u002F\\u0022To\\u002bk e\\u005cn%41~\\u00e9\"", "\"" REDACTED "\""},
        {"{\\\"s3cr&t\\\\/\\\\\\\"To+k e\\\\\\\\n%41~\xc3\xa9\\\"}", "{\\\"" REDACTED "\\\"}"},
        {"<M>s3cr&amp;t/&quot;To+k e\\n%41~\xc3\xa9</M>", "<M>" REDACTED "</M>"},
        {"<M>s3cr&#38;t&#x2F;&#34;To+k&#x20;e&#92;n%41~&#xE9;</M>", "<M>" REDACTED "</M>"},
        {"s3cr&t/\"To+k e\\n%41~\\xc3\\xa9", REDACTED},
        {"s3cr&t/\"To+k e\\nA~\xc3\xa9", REDACTED},
        {"cut: s3cr&t/\"To", "cut: " REDACTED},
        {"cut: s3cr%26t%2", "cut: " REDACTED},
        {"S3CR&T, s3cr&t/ and s3cr%26", "S3CR&T, s3cr&t/ and s3cr%26"},
        {"", ""},
    };
    check(redact_add(span_of(SECRET)) && redact_add(span_of(SECRET)), "redact_add()");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char shown[200] = "";
        struct span text = span_of(rows[i][0]);
        size_t len = redact_copy(text, shown, sizeof shown - 1);
        check(len == strlen(rows[i][1]) && strcmp(shown, rows[i][1]) == 0, rows[i][0]);
    }
}

/* In base64, alone and within something longer, as base64(1) writes it. */
static void check_redact_base64(void)
{
    static const char *const rows[][2] = {
        {"Basic dXNlcjpwYT8/c3dvcmQ+PjE=.", "Basic " REDACTED "=."},
        {"Basic dXNlcjpwYT8_c3dvcmQ-PjE", "Basic " REDACTED},
        {"Basic dXNlcjpwYT8\\/c3dvcmQ%2BPjE%3D", "Basic " REDACTED "%3D"},
        {"YTp1c2VyOnBhPz9zd29yZD4+MTpi", "YTp" REDACTED "Tpi"},
        {"YWE6dXNlcjpwYT8/c3dvcmQ+PjE6Yg==", "YWE6" REDACTED "6Yg=="},
        {"YWFhOnVzZXI6cGE/P3N3b3JkPj4xOmI=", "YWFhOn" REDACTED "OmI="},
        {"dXNlcjpv", "dXNlcjpv"},
    };
    check(redact_add(SPAN("user:pa??sword>>1")), "redact_add() of a pair");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char shown[200] = "";
        redact_copy(span_of(rows[i][0]), shown, sizeof shown - 1);
        check(strcmp(shown, rows[i][1]) == 0, rows[i][0]);
    }
}

static void check_redact_messages(void)
{
    struct printable shown;
    struct reason reason;
    struct span found;
    char small[12];
    redact_clear();
    check(!redact_find(SPAN(SECRET), &found), "nothing is a secret any more");
    check(redact_add(SPAN("xyz")) && redact_add(SPAN("")), "redact_add() of short ones");
    check(strcmp(diag_printable(SPAN("xyz wxyz xyz-w axyz"), &shown),
                 REDACTED " wxyz " REDACTED "-w axyz") == 0,
          "a short secret is a word");
    check(redact_add(SPAN("0123456789")), "redact_add()");
    check(strcmp(diag_printable(SPAN("\x1b"
                                     "0123456789\x1b"),
                                &shown),
                 "\\x1b" REDACTED "\\x1b") == 0,
          "diag_printable() of a secret");
    reason_set(&reason, "it said ");
    reason_append(&reason, SPAN("no: 01234%356789, no"));
    check(strcmp(reason.text, "it said no: " REDACTED ", no") == 0, "reason_append() of a secret");
    for (size_t before = 40; before < 70; before++) {
        char text[100];
        memset(text, '.', sizeof text);
        memcpy(text + before, "0123456789", 10);
        diag_printable((struct span){text, sizeof text}, &shown);
        check(strstr(shown.text, "0") == NULL, "a secret where diag_printable() cuts");
    }
    check(redact_copy(SPAN("a 0123456789 b"), small, 5) == 5 && memcmp(small, "a [se", 5) == 0,
          "redact_copy() is cut");
    diag_name("base-units");
    diag_warn("the URL %s/%s failed", "https://host", "0123%3456789");
}

/* The results of an independent program with SHA-256 and libxxhash, for each of XXH3's ways to
 * handle a length. */
static void check_mac(void)
{
    static const struct {
        size_t len;
        uint64_t mac;
    } vector[] = {
        {0, 0x00e11da6f4f0574e},   {1, 0x58cb4566d2e02914},    {3, 0xff0ae45eae9e53d5},
        {8, 0xab0da9f0e33f2e32},   {16, 0x28b163f469d2c254},   {17, 0xd2f89cf597b63803},
        {128, 0xfc698101bed3b471}, {129, 0x2413d7c3f9cecdaf},  {240, 0xddb80a15dbbe6a01},
        {241, 0xd04820f5f17c15b1}, {1000, 0x53a8c5ecc9621c54}, {5000, 0xf9f3f32793375086},
    };
    static char text[5000];
    struct mac mac;
    char key[MAC_KEY_HEX + 1], other[MAC_KEY_HEX + 1];
    check(mac_begin(&mac, "6162636465666768696a6b6c6d6e6f70"), "a key");
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "abc"[i % 3];
    for (size_t i = 0; i < sizeof vector / sizeof *vector; i++) {
        uint64_t is = mac_of(&mac, 0x6263646566676869, (struct span){text, vector[i].len});
        check(is == vector[i].mac, "a MAC");
    }
    check(!mac_begin(&mac, ""), "no key");
    check(!mac_begin(&mac, "6162636465666768696a6b6c6d6e6f7"), "a key that is too short");
    check(!mac_begin(&mac, "6162636465666768696a6b6c6d6e6f7g"), "a key with another letter");
    check(mac_new_key(key) && mac_new_key(other) && strcmp(key, other) != 0, "keys differ");
    check(mac_begin(&mac, key), "a new key is a key");
}

/* Equal texts have equal hashes, wherever they are; the hash is not one that anybody can
 * compute. */
static void check_hash(void)
{
    static char text[1000], other[1001];
    memset(text, 'x', sizeof text);
    memset(other, 'x', sizeof other);
    for (size_t len = 0; len <= sizeof text; len += 5) {
        uint64_t hash = hash_span((struct span){text, len});
        check(hash == hash_span((struct span){other + 1, len}), "a hash");
        check(hash != XXH3_64bits(text, len), "a hash that others can compute");
        check(hash != hash_span((struct span){other, len + 1}), "hashes of two texts");
    }
    check(hash_number(7) == hash_number(7) && hash_number(7) != hash_number(8), "hash_number()");
}

int main(int argc, char **argv)
{
    if (argc != 2 || chdir(argv[1]) != 0) {
        fprintf(stderr, "Usage: base-units DIRECTORY\n");
        return 2;
    }
    check_append_lines();
    check_append_torn();
    check_append_parts();
    check_append_processes();
    check_redact_spellings();
    check_redact_base64();
    check_redact_messages();
    check_mac();
    check_hash();
    return check_report();
}
