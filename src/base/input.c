#include "config.h"

#include "base/diag.h"
#include "base/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_SIZE = 256 * 1024 };

bool input_begin(struct input *input, char *const *operand, size_t operands)
{
    *input = (struct input){
        .operand = operand,
        .operands = operands,
        .fd = -1,
        .capacity = 2 * READ_SIZE,
    };
    input->buffer = malloc(input->capacity);
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
    if (input->refused_count == INPUT_REFUSED || fstat(fd, &file) != 0 || !S_ISREG(file.st_mode))
        return;
    input->refused[input->refused_count].device = file.st_dev;
    input->refused[input->refused_count].inode = file.st_ino;
    input->refused[input->refused_count++].what = what;
}

/* Whether the open file may be read; otherwise says why not. */
static bool may_read(const struct input *input)
{
    struct stat file;
    if (input->refused_count == 0 || fstat(input->fd, &file) != 0)
        return true;
    for (size_t i = 0; i < input->refused_count; i++) {
        if (file.st_dev != input->refused[i].device || file.st_ino != input->refused[i].inode)
            continue;
        diag_fail("%s: this input file is also %s; write that to another file", input->name,
                  input->refused[i].what);
        return false;
    }
    return true;
}

/* Opens the operand. */
static bool open_file(struct input *input, const char *file)
{
    bool standard = strcmp(file, "-") == 0;
    input->name = standard ? "stdin" : file;
    input->fd = standard ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
    if (input->fd < 0)
        diag_fail("%s: %s", file, strerror(errno));
    else if (may_read(input))
        return true;
    close_file(input);
    return false;
}

bool input_next_file(struct input *input)
{
    close_file(input);
    input->start = input->end = 0;
    input->at_end = false;
    size_t count = input->operands > 0 ? input->operands : 1;
    while (input->next < count && !input->stop) {
        size_t next = input->next++;
        if (open_file(input, input->operands > 0 ? input->operand[next] : "-"))
            return true;
    }
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

bool input_await(struct input *input)
{
    if (input->before_wait != NULL && !input->stop && would_block(input->fd))
        input->before_wait(input->context);
    return !input->stop;
}

ssize_t input_read(struct input *input, char *to, size_t room)
{
    ssize_t n;
    do
        n = read(input->fd, to, room);
    while (n < 0 && errno == EINTR);
    return n;
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
    if (!input_await(input))
        return false;
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
    free(input->buffer);
    input->buffer = NULL;
}
