#include "config.h"

#include "base/append.h"
#include "base/read_all.h"
#include "base/write_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static const char newline[] = "\n";

enum {
    APPEND_BUFFER = 256 * 1024,
    PART_BUFFER = 64 * 1024, /* in memory, of a line in parts */
    PIECES_MAX = 16,
};

bool append_open(struct append *append, const char *file)
{
    struct stat status;
    const int flags = O_CREAT | O_APPEND | O_CLOEXEC;
    *append = (struct append){.fd = -1, .spill = -1, .name = file};
    /* A pipe must not be opened for reading too: its writer would also be a reader. */
    if (stat(file, &status) != 0 || S_ISREG(status.st_mode))
        append->fd = open(file, O_RDWR | flags, 0666);
    append->readable = append->fd >= 0;
    if (append->fd < 0)
        append->fd = open(file, O_WRONLY | flags, 0666);
    if (append->fd < 0)
        return false;
    append->regular = fstat(append->fd, &status) == 0 && S_ISREG(status.st_mode);
    append->buffer = malloc(APPEND_BUFFER);
    if (append->buffer != NULL)
        return true;
    close(append->fd);
    append->fd = -1;
    errno = ENOMEM;
    return false;
}

static bool fail(struct append *append, int error)
{
    if (append->error == 0)
        append->error = error;
    return false;
}

/* Takes the lock, or releases it.  On a file system without locks it goes on without one: an append
 * is one write(2), which such file systems keep whole as far as they can. */
static void lock(const struct append *append, short type)
{
    struct flock whole = {.l_type = type, .l_whence = SEEK_SET};
    if (!append->regular)
        return;
    while (fcntl(append->fd, F_OFD_SETLKW, &whole) != 0 && errno == EINTR)
        ;
}

/* Whether the file ends in the middle of a line. */
static bool is_torn(const struct append *append)
{
    struct stat status;
    char last;
    return append->regular && append->readable && fstat(append->fd, &status) == 0 &&
           status.st_size > 0 && read_at(append->fd, &last, 1, status.st_size - 1) == 1 &&
           last != '\n';
}

/* Writes all of it, in one write(2) if the system accepts that.  The vector is used up. */
static bool write_vector(struct append *append, struct iovec *vector, int count)
{
    while (count > 0) {
        if (vector->iov_len == 0) {
            vector++;
            count--;
            continue;
        }
        ssize_t n = writev(append->fd, vector, count);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(append, errno);
        for (int i = 0; n > 0; i++) {
            size_t part = (size_t)n < vector[i].iov_len ? (size_t)n : vector[i].iov_len;
            vector[i].iov_base = (char *)vector[i].iov_base + part;
            vector[i].iov_len -= part;
            n -= (ssize_t)part;
        }
    }
    return true;
}

static struct iovec part_of(struct span bytes)
{
    return (struct iovec){(char *)(uintptr_t)bytes.at, bytes.len};
}

/* Appends whole lines, the pieces one after the other, and `last` after them. */
static bool write_lines(struct append *append, const struct span *piece, size_t pieces,
                        struct span last)
{
    struct iovec vector[PIECES_MAX + 2];
    int count = 0;
    if (append->error != 0)
        return false;
    lock(append, F_WRLCK);
    if (is_torn(append))
        vector[count++] = part_of((struct span){newline, 1});
    for (size_t i = 0; i < pieces; i++)
        vector[count++] = part_of(piece[i]);
    vector[count++] = part_of(last);
    write_vector(append, vector, count);
    lock(append, F_UNLCK);
    return append->error == 0;
}

bool append_flush(struct append *append)
{
    const struct span lines = {append->buffer, append->used};
    append->used = 0;
    return lines.len == 0 ? append->error == 0 : write_lines(append, NULL, 0, lines);
}

bool append_line(struct append *append, const struct span *piece, size_t pieces)
{
    size_t size = 1;
    if (pieces > PIECES_MAX)
        return fail(append, EINVAL);
    for (size_t i = 0; i < pieces; i++)
        size += piece[i].len;
    if (size > APPEND_BUFFER - append->used && !append_flush(append))
        return false;
    if (size > APPEND_BUFFER)
        return write_lines(append, piece, pieces, (struct span){newline, 1});
    for (size_t i = 0; i < pieces; i++) {
        memcpy(append->buffer + append->used, piece[i].at, piece[i].len);
        append->used += piece[i].len;
    }
    append->buffer[append->used++] = '\n';
    return append->error == 0;
}

/* A temporary file without a name in the directory.  -1 with errno set. */
static int nameless(const char *directory)
{
    char name[4096];
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    int n = snprintf(name, sizeof name, "%s/.audit-append-XXXXXX", directory);
    if (fd >= 0 || n < 0 || (size_t)n >= sizeof name)
        return fd;
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0)
        unlink(name);
    return fd;
}

/* Opens the temporary file: beside the file, so that a line that fits there fits here, or else in
 * the directory for temporary files. */
static int open_spill(const struct append *append)
{
    char directory[4096] = ".";
    const char *slash = strrchr(append->name, '/'), *temporary = getenv("TMPDIR");
    size_t len = slash == NULL ? 0 : slash == append->name ? 1 : (size_t)(slash - append->name);
    int fd = -1;
    if (len > 0 && len < sizeof directory) {
        memcpy(directory, append->name, len);
        directory[len] = '\0';
    }
    if (append->regular)
        fd = nameless(directory);
    return fd >= 0 ? fd : nameless(temporary != NULL && *temporary != '\0' ? temporary : "/tmp");
}

/* Writes to the temporary file. */
static bool spill(struct append *append, struct span bytes)
{
    if (append->spill < 0 && (append->spill = open_spill(append)) < 0)
        return fail(append, errno);
    append->spilled = true;
    return write_all(append->spill, bytes) || fail(append, errno);
}

bool append_part(struct append *append, struct span bytes)
{
    if (append->error != 0 || bytes.len == 0)
        return append->error == 0;
    if (append->part == NULL && (append->part = malloc(PART_BUFFER)) == NULL)
        return fail(append, ENOMEM);
    append->parts = true;
    append->parts_open = span_end(bytes)[-1] != '\n';
    if (bytes.len > PART_BUFFER - append->part_used) {
        if (!spill(append, (struct span){append->part, append->part_used}))
            return false;
        append->part_used = 0;
    }
    if (bytes.len > PART_BUFFER)
        return spill(append, bytes);
    memcpy(append->part + append->part_used, bytes.at, bytes.len);
    append->part_used += bytes.len;
    return true;
}

/* Appends the contents of the temporary file, under the lock. */
static void copy_spill(struct append *append)
{
    for (off_t from = 0; append->error == 0;) {
        ssize_t n = read_at(append->spill, append->buffer, APPEND_BUFFER, from);
        if (n < 0)
            fail(append, errno);
        if (n <= 0)
            break;
        struct iovec part = {append->buffer, (size_t)n};
        write_vector(append, &part, 1);
        from += n;
    }
}

/* Appends a line that is in the temporary file, except for its last bytes, which are in memory. */
static bool append_spilled(struct append *append)
{
    const struct span rest = {append->part, append->part_used};
    struct iovec end = part_of((struct span){newline, 1});
    append->spilled = false;
    if (!append_flush(append) || !spill(append, rest))
        return false;
    append->spilled = false;
    lock(append, F_WRLCK);
    if (!is_torn(append) || write_vector(append, &end, 1))
        copy_spill(append);
    end = part_of((struct span){newline, append->parts_open ? 1 : 0});
    if (append->error == 0)
        write_vector(append, &end, 1);
    lock(append, F_UNLCK);
    if (ftruncate(append->spill, 0) != 0 || lseek(append->spill, 0, SEEK_SET) != 0)
        fail(append, errno);
    return append->error == 0;
}

bool append_parts_end(struct append *append)
{
    struct span line = {append->part, append->part_used};
    bool good = append->error == 0;
    if (!append->parts || !good)
        return good;
    line.len -= !append->parts_open;
    good = append->spilled ? append_spilled(append) : append_line(append, &line, 1);
    append->parts = false;
    append->part_used = 0;
    return good;
}

bool append_close(struct append *append)
{
    if (append->fd < 0)
        return append->error == 0;
    append_parts_end(append);
    append_flush(append);
    free(append->part);
    if (append->spill >= 0)
        close(append->spill);
    if (close(append->fd) != 0)
        fail(append, errno);
    free(append->buffer);
    append->buffer = append->part = NULL;
    append->fd = append->spill = -1;
    return append->error == 0;
}
