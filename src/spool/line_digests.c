#include "config.h"

#include "base/digest.h"
#include "spool/line_digests.h"

#include <stdlib.h>
#include <unistd.h>

enum { STEP = 256 * 1024 }; /* bytes of lines */

bool line_digest(struct span line, uint64_t *digest)
{
    unsigned char bytes[DIGEST_SIZE];
    if (!digest_sha256(line, bytes))
        return false;
    *digest = 0;
    for (int i = 0; i < 8; i++)
        *digest = *digest << 8 | bytes[i];
    return true;
}

bool line_digests_begin(struct line_digests *d, size_t lines)
{
    *d = (struct line_digests){.digest = malloc((lines + 1) * sizeof *d->digest),
                               .blank = malloc(lines + 1)};
    if (d->digest != NULL && d->blank != NULL)
        return true;
    line_digests_end(d);
    return false;
}

static void close_file(struct line_digests *d)
{
    if (!d->open)
        return;
    close(d->lines.fd);
    filelines_end(&d->lines);
    d->open = false;
}

void line_digests_add(struct line_digests *d, int fd, size_t lines)
{
    close_file(d);
    filelines_begin(&d->lines, fd);
    d->open = true;
    d->most += lines;
}

bool line_digests_step(struct line_digests *d)
{
    struct span line;
    for (size_t bytes = 0; bytes < STEP && d->count < d->most; bytes += line.len + 64) {
        if (!filelines_next(&d->lines, false, &line) || !line_digest(line, &d->digest[d->count])) {
            d->most = d->count;
            break;
        }
        d->blank[d->count++] = filelines_is_blank(line);
    }
    if (d->count < d->most)
        return true;
    close_file(d);
    return false;
}

void line_digests_end(struct line_digests *d)
{
    close_file(d);
    free(d->digest);
    free(d->blank);
    *d = (struct line_digests){0};
}
