/* yyjson-loop: the cost of only parsing the same lines with yyjson, the fastest JSON parser in C
 * that builds a document.  The file is read in blocks, as by a filter. */
#include <yyjson.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_SIZE = 256 * 1024 };

/* Parses the whole lines of the bytes; returns their length. */
static size_t parse_lines(char *bytes, size_t len)
{
    char *at = bytes, *newline;
    while ((newline = memchr(at, '\n', len - (size_t)(at - bytes))) != NULL) {
        yyjson_doc *document = yyjson_read(at, (size_t)(newline - at), 0);
        if (document == NULL) {
            fputs("yyjson-loop: not JSON, or no memory left\n", stderr);
            exit(2);
        }
        yyjson_doc_free(document);
        at = newline + 1;
    }
    return (size_t)(at - bytes);
}

int main(int argc, char **argv)
{
    size_t capacity = 2 * READ_SIZE, have = 0;
    char *buffer = malloc(capacity);
    ssize_t n;
    if (argc != 2 || buffer == NULL || freopen(argv[1], "r", stdin) == NULL) {
        fputs("usage: yyjson-loop FILE\n", stderr);
        return 2;
    }
    while ((n = read(STDIN_FILENO, buffer + have, READ_SIZE)) > 0) {
        have += (size_t)n;
        size_t done = parse_lines(buffer, have);
        have -= done;
        memmove(buffer, buffer + done, have);
        if (capacity - have < READ_SIZE) {
            buffer = realloc(buffer, capacity *= 2);
            if (buffer == NULL)
                return 2;
        }
    }
    free(buffer);
    return n == 0 ? 0 : 2;
}
