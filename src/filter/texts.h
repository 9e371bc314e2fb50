/* texts: JSON texts one after the other, however an archive strings them together: one a line,
 * pretty-printed, concatenated, with record separators (RFC 7464), with a byte order mark, or as
 * the elements of an array.
 *
 * Where a text is malformed, it is given up to the next line that begins with '{', '[' or a record
 * separator, and reading goes on there.
 */
#ifndef TEXTS_H
#define TEXTS_H

#include "base/input.h"
#include "json/json.h"

struct text {
    struct span bytes;  /* without white space around it; stays until the next call */
    const char *source; /* the file's name */
    size_t line;        /* the line that it begins in, counted from 1 */
    size_t byte;        /* and the byte in that line, counted from 1 */
};

enum texts_result {
    TEXTS_END,  /* no file is left */
    TEXTS_LINE, /* a line that may be one whole text: read it, and if that fails texts_frame() */
    TEXTS_ONE,  /* one whole text */
    TEXTS_BAD,  /* malformed; see texts->error */
};

/* Where reading stands in a top-level array. */
enum texts_array {
    ARRAY_NONE,   /* outside */
    ARRAY_FIRST,  /* after '[' */
    ARRAY_AFTER,  /* after an element */
    ARRAY_NEXT,   /* after ',' */
    ARRAY_BROKEN, /* after a malformed element: it is unclear what belongs to the array */
};

struct texts {
    struct input *input;
    size_t limit; /* bytes of the longest text */
    bool open;    /* a file is open */
    size_t line;  /* where the next byte stands: its line, and the byte in it, counted from 1 */
    size_t byte;
    size_t pending; /* bytes of the text handed out, which the next call consumes */
    enum texts_array array;
    struct json json;
    struct json_error error; /* of a TEXTS_BAD; code JSON_OK means that the text is too long */
    size_t error_line, error_byte;
    void (*bad)(void *context,
                struct span chunk); /* takes the bytes of a malformed text, in parts */
    void *context;
};

void texts_begin(struct texts *texts, struct input *input, size_t limit);

/* The next text into *text.  The bytes of a TEXTS_BAD go to bad() and are not in *text; there may
 * be none, where only an array's punctuation is wrong. */
enum texts_result texts_next(struct texts *texts, struct text *text);

/* After a TEXTS_LINE that is not one whole text: what stands there really. */
enum texts_result texts_frame(struct texts *texts, struct text *text);

#endif
