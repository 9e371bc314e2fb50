#include "config.h"

#include "base/diag.h"
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

/* Whether the open file may be read; otherwise reports why not. */
static bool may_read(struct input *input)
{
    struct stat file;
    input->size = 0;
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
    if (S_ISREG(file.st_mode))
        input->size = file.st_size;
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
    decoder_next(&input->decoder);
    if (input->fd < 0 && errno == EINTR && interrupt_asked() != NULL) {
        /* open(2) of a named pipe waits for its writer. */
        interrupt(input);
    } else if (input->fd < 0 && names_are_lines(&input->names, file)) {
        diag_fail("%s: names in it must end with a NUL byte, not with a newline: find -print0 "
                  "writes them",
                  names_list(&input->names));
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

/* Makes room for one read: moves the contents to the front, or takes a larger buffer. */
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
    return decoder_pending(&input->decoder);
}

bool input_unread(const struct input *input)
{
    struct stat file;
    if (names_left(&input->names) || input_pending(input))
        return true;
    return input->fd >= 0 && !input->decoder.refused && fstat(input->fd, &file) == 0 &&
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

/* At the end of the file: reports that it has lost bytes that were to be read, to a program that
 * truncates it. */
static void check_size(struct input *input)
{
    struct stat file;
    if (input->size == 0 || fstat(input->fd, &file) != 0 || file.st_size >= input->size)
        return;
    /* The position may be behind the file's new end, at a line that is gone. */
    if (lseek(input->fd, 0, SEEK_CUR) < input->size)
        diag_fail("%s: the file became shorter while it was read", input->name);
    input->size = 0;
}

ssize_t input_read(struct input *input, char *to, size_t room)
{
    struct reason reason;
    ssize_t n = decoder_read(&input->decoder, input->fd, to, room, &reason);
    if (n == 0)
        check_size(input);
    if (n != DECODER_REFUSED)
        return n;
    if (input->decoder.command == NULL)
        diag_fail("%s: %s", input->name, reason.text);
    else
        diag_fail("%s: %s; use: %s | %s", input->name, reason.text, input->decoder.command,
                  diag_program());
    return 0;
}

size_t input_take_lines(struct input *input, size_t line, size_t unread)
{
    struct stat file;
    if (input->take_lines == NULL || input->stop || !decoder_is_plain(&input->decoder) ||
        fstat(input->fd, &file) != 0 || !S_ISREG(file.st_mode))
        return 0;
    off_t at = lseek(input->fd, 0, SEEK_CUR) - (off_t)unread;
    if (at < 0 || at > file.st_size)
        return 0;
    size_t lines = input->take_lines(input->take_context, line, &at, file.st_size - at);
    if (lines > 0 && lseek(input->fd, at, SEEK_SET) < 0) {
        diag_fail("%s: %s", input->name, strerror(errno));
        input->stop = true;
    }
    return lines;
}

bool input_fill(struct input *input)
{
    if (input->stop)
        input->at_end = true;
    if (input->at_end)
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
    decoder_free(&input->decoder);
    free(input->buffer);
    input->buffer = NULL;
}
