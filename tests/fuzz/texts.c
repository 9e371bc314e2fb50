/* texts: audit-format's reader of JSON texts, in any layout.
 *
 * Input: a byte (the limit, the size of reads), and an archive.  The objects found must not depend
 * on how the bytes arrive; a text that is found is JSON; and every byte belongs to a text, to a
 * rejected part, or is white space, punctuation of an array, a record separator or a byte order
 * mark. */
#include "config.h"

#include "filter/texts.h"
#include "fuzz.h"
#include "strict.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

/* The input reads from here. */
static struct span arriving;
static size_t most; /* bytes of a read */

static ssize_t arrive(int fd, void *buffer, size_t size)
{
    (void)fd;
    size_t n = size < most ? size : most;
    if (n > arriving.len)
        n = arriving.len;
    if (n > 0)
        memcpy(buffer, arriving.at, n);
    arriving = (struct span){arriving.at + n, arriving.len - n};
    return (ssize_t)n;
}

#define read arrive
#undef _POSIX_C_SOURCE
#include "../../src/base/decoder.c"
#include "../../src/base/input.c"
#undef read

/* The objects that were found, in order. */
struct log {
    char *bytes;
    size_t len, size;
};

static void add(struct log *log, const void *bytes, size_t len)
{
    if (log->len + len > log->size) {
        log->size = 2 * (log->len + len) + 64;
        log->bytes = realloc(log->bytes, log->size);
        HOLDS(log->bytes != NULL);
    }
    if (len > 0)
        memcpy(log->bytes + log->len, bytes, len);
    log->len += len;
}

struct finding {
    struct log *log;
    const char *at, *end; /* of the archive: the part that is not accounted for yet */
};

/* These bytes are next in the archive, except for what may be between texts. */
static void account(struct finding *f, struct span bytes)
{
    while (bytes.len > (size_t)(f->end - f->at) || memcmp(f->at, bytes.at, bytes.len) != 0) {
        HOLDS(f->at < f->end && *f->at != '\0');
        HOLDS(strchr(" \t\r\n[],\x1e\xef\xbb\xbf", *f->at) != NULL);
        f->at++;
    }
    f->at += bytes.len;
}

static void take_bad(void *context, struct span chunk)
{
    struct finding *f = context;
    if (chunk.len == 0)
        return;
    account(f, chunk);
}

static bool read_text(void *context, struct span bytes)
{
    (void)context;
    return strict_json(bytes);
}

static void find_all(struct span archive, size_t limit, size_t step, struct log *log)
{
    static struct texts texts;
    struct input input;
    struct text text;
    char note[128];
    struct finding f = {log, archive.at, span_end(archive)};
    arriving = archive;
    most = step;
    HOLDS(input_begin(&input, NULL, 0, NULL));
    texts_begin(&texts, &input, limit, read_text, take_bad, &f);
    enum texts_result result;
    while ((result = texts_next(&texts, &text)) != TEXTS_END) {
        if (result != TEXTS_ONE)
            continue;
        HOLDS(strict_json(text.bytes) && text.bytes.len <= limit);
        account(&f, text.bytes);
        if (*text.bytes.at != '{')
            continue;
        int n = snprintf(note, sizeof note, "\n%zu:%zu: ", text.line, text.byte);
        add(log, note, (size_t)n);
        add(log, text.bytes.at, text.bytes.len);
    }
    account(&f, (struct span){f.end, 0});
    while (f.at < f.end) {
        HOLDS(*f.at != '\0' && strchr(" \t\r\n[],\x1e\xef\xbb\xbf", *f.at) != NULL);
        f.at++;
    }
    input_close(&input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span archive = {(const char *)data, size};
    uint8_t how = fuzz_byte(&archive);
    size_t limit = (how & 1) != 0 ? (size_t)32 + how : SIZE_MAX;
    struct log whole = {NULL, 0, 0}, parts = {NULL, 0, 0};
    find_all(archive, limit, SIZE_MAX, &whole);
    find_all(archive, limit, 1 + how / 2 % 32, &parts);
    /* Objects are found in either way.  Something else before one that is too long may be a reject
     * together with it, or a separate one. */
    HOLDS(limit < SIZE_MAX ||
          span_equal((struct span){whole.bytes, whole.len}, (struct span){parts.bytes, parts.len}));
    free(parts.bytes);
    free(whole.bytes);
    return 0;
}
