/* texts: a sequence of JSON texts, in any layout of an archive: one a line, pretty-printed,
 * concatenated, with record separators (RFC 7464), or as the elements of an array.
 *
 * A malformed text is rejected up to the next line that begins with '{', '[' or a record separator,
 * and reading continues there.
 *
 * Most archives have one text a line, so a line is first taken as one whole text, and the caller's
 * reader says whether it is.  Only if it is not, the text's end is searched for while its bytes are
 * read. Time and memory are linear in the bytes of the largest text. */
#ifndef TEXTS_H
#define TEXTS_H

#include "base/input.h"
#include "json/json.h"

struct text {
    struct span bytes;  /* without white space around it; valid until the next call */
    const char *source; /* the file's name */
    size_t line;        /* the line in which it begins, counted from 1 */
    size_t byte;        /* and the byte in that line, counted from 1 */
};

enum texts_result {
    TEXTS_END, /* there are no more files */
    TEXTS_ONE, /* one whole text, which the reader has accepted */
    TEXTS_BAD, /* malformed; see texts->error */
};

/* The position in a top-level array. */
enum texts_array {
    ARRAY_NONE,   /* outside */
    ARRAY_FIRST,  /* after '[' */
    ARRAY_AFTER,  /* after an element */
    ARRAY_NEXT,   /* after ',' */
    ARRAY_BROKEN, /* after a malformed element: what belongs to the array is not known */
};

/* Reads bytes that are probably one whole JSON text, with a '{' first.  False: they are not, and
 * the reader's notes about them are void. */
typedef bool texts_reader(void *context, struct span bytes);

/* Takes bytes of a malformed text. */
typedef void texts_taker(void *context, struct span chunk);

struct texts {
    struct input *input;
    size_t limit; /* bytes of the longest text */
    texts_reader *read;
    texts_taker *bad;
    void *context;           /* of both */
    struct json_error error; /* of a TEXTS_BAD; code JSON_OK means that the text is too long */
    size_t error_line, error_byte;
    const char *read_source; /* the file with the last handled text; NULL: none */
    size_t read_line;        /* and the line in which this text begins */
    /* The module's own members. */
    bool open;   /* a file is open */
    size_t line; /* the next byte's position: its line, and the byte in it, counted from 1 */
    size_t byte;
    size_t pending;  /* bytes of the returned text, which the next call consumes */
    size_t returned; /* the line in which the returned text begins; 0: none was returned */
    enum texts_array array;
    size_t line_rest; /* the next bytes that are not a newline: at least so many */
    bool line_whole;  /* a newline follows them */
    bool line_mixed;  /* the rest of this line is not one text */
    size_t safe;      /* the next bytes that do not end inside a token */
    size_t searched;  /* the bytes that were searched for that */
    struct json json;
};

/* Begins with the input.  Each returned text was read by `read`, once, or twice if the first guess
 * of its end was wrong.  The bytes of malformed texts go to `bad`. */
void texts_begin(struct texts *texts, struct input *input, size_t limit, texts_reader *read,
                 texts_taker *bad, void *context);

/* The text, without its surroundings, if the line is one whole text outside an array; at == NULL:
 * it is not. */
struct span texts_line(struct span line);

/* Returns the next text in *text.  The bytes of a TEXTS_BAD are not in *text; there may be none, if
 * only an array's punctuation is wrong. */
enum texts_result texts_next(struct texts *texts, struct text *text);

#endif
