/* json-check: prints whether a text is JSON, according to the tools' own reader.
 *
 *     json-check          standard input is one text
 *     json-check --many   standard input is texts, each after a line with its length in bytes
 *
 * Prints a line a text: "ok", or "byte N: what is wrong".  Each text is read in every way that the
 * library offers: skipped whole, walked down to different depths, and while it grows, piece by
 * piece.  Status 1 if one of them has another result, 2 if the input cannot be read. */
#include "config.h"

#include "json/json.h"

#include <stdio.h>
#include <stdlib.h>

enum { PIECES = 100 }; /* in which a growing text is read, at most */

/* The bytes in memory of exactly their size, so that a sanitizer sees a read past the end. */
static char *exact_copy(struct span bytes)
{
    char *copy = malloc(bytes.len > 0 ? bytes.len : 1);
    if (copy == NULL) {
        perror("json-check");
        exit(2);
    }
    if (bytes.len > 0)
        memcpy(copy, bytes.at, bytes.len);
    return copy;
}

/* Reads the next value member by member, element by element; values deeper than `depth` are skipped
 * whole. */
static void walk(struct json *json, unsigned depth)
{
    bool is_object[JSON_DEPTH + 1];
    unsigned open = 0;
    for (;;) {
        enum json_type type = json_peek(json);
        if (open < depth && type == JSON_OBJECT && json_object(json))
            is_object[open++] = true;
        else if (open < depth && type == JSON_ARRAY && json_array(json))
            is_object[open++] = false;
        else
            json_value(json, NULL);
        struct json_key key;
        while (open > 0 && !(is_object[open - 1] ? json_member(json, &key) : json_element(json)))
            open--;
        if (open == 0)
            return;
    }
}

static struct json_error read_to_depth(struct span text, unsigned depth)
{
    static struct json json;
    char *copy = exact_copy(text);
    json_begin(&json, copy, text.len);
    walk(&json, depth);
    json_end(&json);
    free(copy);
    return json_error(&json);
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* Whether a growing text may be divided after this byte. */
static bool may_cut(char byte)
{
    return byte == '}' || byte == ']' || is_space(byte);
}

/* The end of the next piece, `stride` possible divisions after `from`. */
static size_t next_cut(struct span text, size_t from, size_t stride)
{
    while (from < text.len)
        if (may_cut(text.at[from++]) && --stride == 0)
            break;
    return from;
}

/* Checks what follows a value that was read while it grew. */
static struct json_error check_rest(struct span text, size_t at)
{
    while (at < text.len && is_space(text.at[at]))
        at++;
    return (struct json_error){at < text.len ? JSON_ERROR_AFTER : JSON_OK, at};
}

static struct json_error read_growing(struct span text, size_t stride)
{
    static struct json json;
    size_t len = next_cut(text, 0, stride);
    char *copy = exact_copy((struct span){text.at, len});
    json_begin(&json, copy, len);
    enum json_progress progress;
    while ((progress = json_whole(&json)) == JSON_MORE && len < text.len) {
        len = next_cut(text, len, stride);
        char *grown = exact_copy((struct span){text.at, len});
        json_extend(&json, grown, len);
        free(copy);
        copy = grown;
    }
    if (progress == JSON_MORE)
        json_no_more(&json);
    size_t past = progress == JSON_WHOLE ? (size_t)(json_past(&json) - copy) : 0;
    free(copy);
    return progress == JSON_WHOLE ? check_rest(text, past) : json_error(&json);
}

/* Whether the results are the same; about bytes after the value, the reader of the whole text may
 * know more. */
static bool same(struct json_error a, struct json_error b)
{
    if (a.code == JSON_OK || b.code == JSON_OK)
        return a.code == b.code;
    return a.offset == b.offset &&
           (a.code == b.code || a.code == JSON_ERROR_AFTER || b.code == JSON_ERROR_AFTER);
}

static void print_answer(const char *way, struct json_error error)
{
    char message[JSON_MESSAGE];
    printf("%s%s\n", way, error.code == JSON_OK ? "ok" : json_error_message(error, message));
}

/* Prints the result for a text.  False: the ways of reading do not agree. */
static bool check(struct span text)
{
    static const unsigned depths[] = {1, 2, JSON_DEPTH};
    struct json_error first = read_to_depth(text, 0);
    size_t cuts = 0;
    bool agree = true;
    print_answer("", first);
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
        struct json_error error = read_to_depth(text, depths[i]);
        if (!same(first, error)) {
            print_answer("walked, it is ", error);
            agree = false;
        }
    }
    for (size_t i = 0; i < text.len; i++)
        cuts += may_cut(text.at[i]);
    struct json_error error = read_growing(text, 1 + cuts / PIECES);
    if (!same(first, error)) {
        print_answer("growing, it is ", error);
        agree = false;
    }
    return agree;
}

static bool check_many(struct span input)
{
    bool agree = true;
    const char *at = input.at, *end = span_end(input);
    while (at < end) {
        char *text;
        size_t len = strtoul(at, &text, 10);
        if (text == at || *text != '\n' || len > (size_t)(end - text - 1)) {
            fputs("json-check: a line with the next text's length is expected here\n", stderr);
            exit(2);
        }
        agree &= check((struct span){text + 1, len});
        at = text + 1 + len;
    }
    return agree;
}

/* All of standard input, with a NUL after it. */
static struct span read_input(void)
{
    size_t len = 0, size = 65536;
    char *bytes = malloc(size);
    while (bytes != NULL) {
        size_t n = fread(bytes + len, 1, size - len - 1, stdin);
        len += n;
        if (n == 0)
            break;
        if (size - len < 2)
            bytes = realloc(bytes, size *= 2);
    }
    if (bytes == NULL || ferror(stdin)) {
        perror("json-check");
        exit(2);
    }
    bytes[len] = '\0';
    return (struct span){bytes, len};
}

int main(int argc, char **argv)
{
    bool many = argc == 2 && strcmp(argv[1], "--many") == 0;
    if (argc != 1 && !many) {
        fputs("Usage: json-check [--many] < TEXT\n", stderr);
        return 2;
    }
    struct span input = read_input();
    bool agree = many ? check_many(input) : check(input);
    free((char *)input.at);
    return fclose(stdout) != 0 ? 2 : agree ? 0 : 1;
}
