#include "config.h"

#include "base/diag.h"
#include "base/gzip_reader.h"
#include "base/input.h"
#include "base/interrupt.h"
#include "base/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_SIZE = 256 * 1024 };

bool input_begin(struct input *input, char *const *operand, size_t operands, const char *list)
{
    *input = (struct input){.fd = -1, .capacity = 2 * READ_SIZE};
    if (!names_begin(&input->names, operand, operands, list))
        return false;
    input->buffer = malloc(input->capacity);
    if (input->buffer == NULL)
        diag_fail("%s", strerror(ENOMEM));
    return input->buffer != NULL;
}

static void close_file(struct input *input)
{
    if (input->fd > STDIN_FILENO)
        close(input->fd);
    input->fd = -1;
}

void input_refuse(struct input *input, int fd, const char *what)
{
    struct stat file;
    if (input->outputs_count == INPUT_REFUSED || fstat(fd, &file) != 0 || !S_ISREG(file.st_mode))
        return;
    input->outputs[input->outputs_count].device = file.st_dev;
    input->outputs[input->outputs_count].inode = file.st_ino;
    input->outputs[input->outputs_count++].what = what;
}

/* Whether the open file may be read; otherwise says why not. */
static bool may_read(const struct input *input)
{
    struct stat file;
    if (fstat(input->fd, &file) != 0)
        return true;
    if (S_ISDIR(file.st_mode)) {
        diag_fail("%s: this is a directory; read the files in it: find %s -type f -print0 | %s "
                  "--files0-from=-",
                  input->name, input->fd == STDIN_FILENO ? "." : input->name, diag_program());
        return false;
    }
    for (size_t i = 0; i < input->outputs_count; i++) {
        if (file.st_dev != input->outputs[i].device || file.st_ino != input->outputs[i].inode)
            continue;
        diag_fail("%s: this input file is also %s; write that to another file", input->name,
                  input->outputs[i].what);
        return false;
    }
    return true;
}

static void interrupt(struct input *input)
{
    input->stop = input->interrupted = true;
}

/* Opens the file, "-" for standard input. */
static bool open_file(struct input *input, const char *file)
{
    bool standard = strcmp(file, "-") == 0;
    input->name = standard ? "stdin" : file;
    input->fd = standard ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
    input->begun = input->compressed = input->refused = false;
    input->head_len = 0;
    if (input->fd < 0 && errno == EINTR && interrupt_asked() != NULL) {
        /* A named pipe waits for its writer in open(2). */
        interrupt(input);
    } else if (input->fd < 0) {
        diag_fail("%s: %s", file, strerror(errno));
    } else if (may_read(input)) {
        pipe_grow(input->fd);
        return true;
    }
    close_file(input);
    return false;
}

bool input_next_file(struct input *input)
{
    const char *file;
    if (input->stop)
        return false;
    close_file(input);
    input->start = input->end = 0;
    input->at_end = false;
    while (!input->stop && (file = names_next(&input->names)) != NULL)
        if (open_file(input, file))
            return true;
    return false;
}

/* Makes room for one read: moves what is there to the front, or takes a larger buffer. */
static bool make_room(struct input *input)
{
    if (input->start == input->end)
        input->start = input->end = 0;
    if (input->capacity - input->end >= READ_SIZE)
        return true;
    size_t used = input->end - input->start;
    if (used + READ_SIZE > input->capacity) {
        char *grown = realloc(input->buffer, 2 * input->capacity);
        if (grown == NULL)
            return false;
        input->buffer = grown;
        input->capacity *= 2;
    }
    memmove(input->buffer, input->buffer + input->start, used);
    input->start = 0;
    input->end = used;
    return true;
}

static bool would_block(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    return poll(&ready, 1, 0) == 0;
}

bool input_pending(const struct input *input)
{
    return input->compressed && !input->refused && gzip_reader_pending(input->gzip_reader);
}

bool input_unread(const struct input *input)
{
    struct stat file;
    if (names_left(&input->names) || input_pending(input))
        return true;
    return input->fd >= 0 && !input->refused && fstat(input->fd, &file) == 0 &&
           S_ISREG(file.st_mode) && lseek(input->fd, 0, SEEK_CUR) < file.st_size;
}

bool input_await(struct input *input)
{
    if (interrupt_asked() != NULL && !input->stop)
        interrupt(input);
    if (input->stop || input_pending(input) || !would_block(input->fd))
        return !input->stop;
    if (input->before_wait != NULL)
        input->before_wait(input->context);
    if (!input->stop && !interrupt_wait(input->fd, -1))
        interrupt(input);
    return !input->stop;
}

/* The file is not read, or not any further, for the reason that the message gives. */
static ssize_t refuse(struct input *input, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static ssize_t refuse(struct input *input, const char *format, ...)
{
    struct reason reason;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason.text, sizeof reason.text, format, arguments);
    va_end(arguments);
    diag_fail("%s: %s", input->name, reason.text);
    input->refused = true;
    return 0;
}

/* Reads bytes of the file, decompressed if it is gzip. */
static ssize_t read_bytes(struct input *input, char *to, size_t room)
{
    const char *error;
    ssize_t n;
    if (input->compressed) {
        n = gzip_reader_read(input->gzip_reader, input->fd, to, room, &error);
        return n < 0 && error != NULL ? refuse(input, "%s", error) : n;
    }
    do
        n = read(input->fd, to, room);
    while (n < 0 && errno == EINTR);
    return n;
}

/* Looks at the first `len` bytes, at `to`, and says how many of them are text. */
static ssize_t begin_file(struct input *input, struct sniff what, char *to, size_t len)
{
    input->begun = true;
    switch (what.kind) {
    case SNIFF_MARKED:
        memmove(to, to + SNIFF_MARK, len - SNIFF_MARK);
        return (ssize_t)(len - SNIFF_MARK);
    case SNIFF_GZIP:
        if (input->compressed)
            return refuse(input, "this is compressed twice; decompress it: zcat FILE | %s",
                          diag_program());
        input->compressed = gzip_reader_begin(&input->gzip_reader, (struct span){to, len});
        if (!input->compressed)
            return refuse(input, "%s", strerror(ENOMEM));
        input->begun = false;
        return 0;
    case SNIFF_FOREIGN:
        if (what.command == NULL)
            return refuse(input, "this is %s", what.is);
        return refuse(input, "this is %s; use: %s | %s", what.is, what.command, diag_program());
    default:
        return (ssize_t)len;
    }
}

/* Reads the first bytes, as many as it takes to know what the file is. */
static ssize_t read_first(struct input *input, char *to, size_t room)
{
    for (;;) {
        size_t len = input->head_len;
        memcpy(to, input->head, len);
        ssize_t n = read_bytes(input, to + len, room - len);
        if (n < 0 || input->refused)
            return n;
        len += (size_t)n;
        struct sniff what = sniff((struct span){to, len}, n == 0);
        input->head_len = 0;
        if (what.kind == SNIFF_MORE) {
            memcpy(input->head, to, len);
            input->head_len = len;
            continue;
        }
        ssize_t text = begin_file(input, what, to, len);
        if (text > 0 || n == 0 || input->refused)
            return text;
        /* All that was read is the mark, or gzip data. */
        if (input->begun)
            return read_bytes(input, to, room);
    }
}

ssize_t input_read(struct input *input, char *to, size_t room)
{
    if (input->refused)
        return 0;
    return input->begun ? read_bytes(input, to, room) : read_first(input, to, room);
}

bool input_fill(struct input *input)
{
    if (input->at_end || input->stop)
        return false;
    if (!make_room(input)) {
        diag_fail("%s: no memory left for a record of more than %zu bytes", input->name,
                  input->end - input->start);
        input->at_end = true;
        return false;
    }
    if (!input_await(input)) {
        input->at_end = true;
        return false;
    }
    ssize_t n = input_read(input, input->buffer + input->end, READ_SIZE);
    if (n < 0)
        diag_fail("%s: %s", input->name, strerror(errno));
    if (n <= 0) {
        input->at_end = true;
        return false;
    }
    input->end += (size_t)n;
    return true;
}

void input_close(struct input *input)
{
    close_file(input);
    names_end(&input->names);
    gzip_reader_free(input->gzip_reader);
    free(input->buffer);
    input->gzip_reader = NULL;
    input->buffer = NULL;
}
