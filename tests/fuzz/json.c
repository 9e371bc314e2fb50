/* json: the reader of JSON compared with a second one, and with itself in other ways of reading.
 *
 * Input: a text.  strict.h says whether it is JSON; the result must be the same when it is read
 * whole, to any depth, and while it grows by pieces.  If it is JSON, strings are decoded and
 * encoded, and white space is removed, as strict.h does it. */
#include "config.h"

#include "fuzz.h"
#include "strict.h"
#include "json/json_compact.h"
#include "json/json_string.h"

/* The ways of reading are json-check's. */
#define main json_check_main
int json_check_main(int argc, char **argv);
#include "../json-check.c"
#undef main

/* The content of a string that was accepted, both decoded and encoded again. */
static void check_string(struct span content)
{
    char *ours = fuzz_memory(content.len), *theirs = fuzz_memory(content.len);
    size_t len = 0, expected = 0;
    bool good = json_string_decode(content, ours, content.len, &len);
    HOLDS(good == strict_decode(content, theirs, &expected));
    if (good) {
        HOLDS(len == expected && memcmp(ours, theirs, len) == 0);
        HOLDS(len == 0 || !json_string_decode(content, ours, len - 1, &expected));
        /* By parts of 32 bytes, and then decoded again. */
        struct span left = {theirs, len};
        char *encoded = fuzz_memory(6 * len + 32), *to = encoded;
        for (size_t n; (n = json_string_encode(&left, to, 32)) > 0;) {
            HOLDS(n <= 32);
            to += n;
        }
        HOLDS(left.len == 0);
        char *again = fuzz_memory((size_t)(to - encoded));
        HOLDS(strict_decode(span_between(encoded, to), again, &expected));
        HOLDS(expected == len && memcmp(again, theirs, len) == 0);
        free(again);
        free(encoded);
    }
    free(theirs);
    free(ours);
}

/* Reads the members of the outermost object, or checks the string that the text is. */
static void check_values(struct span text)
{
    static struct json json;
    struct json_key key;
    struct json_value value;
    struct span name, found;
    size_t n = 0;
    json_begin(&json, text.at, text.len);
    if (json_peek(&json) == JSON_STRING) {
        HOLDS(json_value(&json, &value));
        check_string((struct span){value.text.at + 1, value.text.len - 2});
    }
    if (json_peek(&json) != JSON_OBJECT || !json_object(&json))
        return;
    for (; json_member(&json, &key); n++) {
        HOLDS(json_value(&json, &value));
        HOLDS(strict_member(text, n, &name, &found));
        HOLDS(key.text.at == name.at && key.text.len == name.len);
        HOLDS(value.text.at == found.at && value.text.len == found.len);
        check_string(key.text);
        if (value.type == JSON_STRING)
            check_string((struct span){value.text.at + 1, value.text.len - 2});
    }
    HOLDS(!strict_member(text, n, &name, &found));
}

static void check_compact(struct span text)
{
    char *ours = fuzz_memory(text.len), *theirs = fuzz_memory(text.len);
    size_t len = json_compact(text, ours);
    HOLDS(len == strict_compact(text, theirs) && memcmp(ours, theirs, len) == 0);
    free(theirs);
    free(ours);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned depths[] = {1, 2, JSON_DEPTH};
    static const size_t strides[] = {1, 2, 7, SIZE_MAX};
    struct span text = {(const char *)data, size};
    bool is_json = strict_json(text);
    struct json_error first = read_to_depth(text, 0);
    HOLDS((first.code == JSON_OK) == is_json);
    HOLDS(first.offset <= size);
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++)
        HOLDS(same(first, read_to_depth(text, depths[i])));
    for (size_t i = 0; i < sizeof strides / sizeof *strides; i++)
        HOLDS(same(first, read_growing(text, strides[i])));
    if (is_json) {
        check_values(text);
        check_compact(text);
    }
    return 0;
}
