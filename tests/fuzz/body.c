/* body: the events in a request's body.
 *
 * Input: a byte for the form, and the body.  Every line is compact JSON, an object, and part of the
 * body; if a body is NDJSON or one array, a second reader finds the same lines; and splitting the
 * lines again does not change them. */
#include "config.h"

#include "fuzz.h"
#include "receive/body.h"
#include "strict.h"

/* Whether the bytes occur in the text without white space, from *at on, which moves past them. */
static bool occurs(struct span line, struct span compact, size_t *at)
{
    const char *found = memmem(compact.at + *at, compact.len - *at, line.at, line.len);
    if (found == NULL)
        return false;
    *at = (size_t)(found - compact.at) + line.len;
    return true;
}

/* Each line is an object without white space between its tokens, and their number is right. */
static void check_lines(const struct body *body)
{
    size_t lines = 0;
    HOLDS(body->len == 0 || body->lines[body->len - 1] == '\n');
    for (const char *at = body->lines, *end = at + body->len; at < end; lines++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        struct span line = span_between(at, newline);
        char *compact = fuzz_memory(line.len);
        HOLDS(line.len >= 2 && *line.at == '{' && strict_json(line));
        HOLDS(strict_compact(line, compact) == line.len);
        free(compact);
        at = newline + 1;
    }
    HOLDS(lines == body->events);
}

/* A text that is one object is one line; one that is an array, its elements. */
static void check_whole(const struct body *body, struct span bytes)
{
    char *compact = fuzz_memory(bytes.len);
    size_t len = strict_compact(bytes, compact), at = 0;
    if (*compact == '{')
        HOLDS(body->len == len + 1 && memcmp(body->lines, compact, len) == 0);
    for (const char *line = body->lines; line < body->lines + body->len;) {
        const char *newline = memchr(line, '\n', body->len);
        HOLDS(occurs(span_between(line, newline), (struct span){compact, len}, &at));
        line = newline + 1;
    }
    free(compact);
}

/* The output as input is unchanged. */
static void check_again(const struct body *body)
{
    struct body again;
    struct reason reason = {""};
    HOLDS(body_split(BODY_JSON, (struct span){body->lines, body->len}, &again, &reason) ==
          (body->events > 0 ? BODY_GOOD : BODY_BAD));
    if (body->events > 0)
        HOLDS(again.events == body->events && again.len == body->len &&
              memcmp(again.lines, body->lines, body->len) == 0);
    free(again.lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = {(const char *)data, size};
    enum body_form form = (enum body_form)(fuzz_byte(&bytes) % 4);
    struct body body;
    struct reason reason = {""};
    char *copy = fuzz_copy(bytes);
    struct span given = {copy, bytes.len};
    enum body_result result = body_split(form, given, &body, &reason);
    HOLDS(result == BODY_GOOD || (result == BODY_BAD && reason.text[0] != '\0'));
    HOLDS(body.len <= body_lines_most(bytes.len));
    HOLDS(fuzz_is_tame(reason.text));
    if (result == BODY_GOOD) {
        HOLDS(body.form != BODY_AUTO && (form == BODY_AUTO || body.form == form));
        check_lines(&body);
        if (body.form == BODY_JSON && strict_json(given))
            check_whole(&body, given);
        check_again(&body);
    } else if (form == BODY_JSON && strict_json(given)) {
        /* Only a value that is not an object is refused then. */
        HOLDS(memchr("{", *given.at, 1) == NULL);
    }
    free(body.lines);
    free(copy);
    return 0;
}
