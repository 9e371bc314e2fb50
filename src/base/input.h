/* input: the bytes of the operands, one file after the other, in one growing buffer. */
#ifndef INPUT_H
#define INPUT_H

#include "base/span.h"

#include <sys/types.h>

enum { INPUT_REFUSED = 4 }; /* files that are written and must not be read, at most */

struct input {
    char *const *operand; /* files, "-" for standard input */
    size_t operands;      /* none means standard input */
    size_t next;          /* the operand that is opened next */
    int fd;               /* -1 when no file is open */
    const char *name;     /* of the open file: "stdin" for standard input */
    bool at_end;          /* the open file has no more bytes */
    bool stop;            /* set by the caller, in before_wait() too: nothing more is read */
    char *buffer;
    size_t start, end; /* the bytes that were read and not yet consumed */
    size_t capacity;
    void (*before_wait)(void *context); /* called before a read that would block */
    void *context;
    struct {
        dev_t device;
        ino_t inode;
        const char *what;
    } refused[INPUT_REFUSED];
    size_t refused_count;
};

/* Begins with the operands, which must stay.  False: no memory. */
bool input_begin(struct input *input, char *const *operand, size_t operands);

/* Refuses the file behind the descriptor as input from now on, because it is written to: a tool
 * that reads what it writes never ends.  Only regular files count.  `what` names it in the message:
 * "--rejects", "standard output". */
void input_refuse(struct input *input, int fd, const char *what);

/* Goes on to the next file that can be opened; the buffer is then empty.  False: none is left, or
 * `stop` is set.  A file that cannot be opened, or is refused, is a message and STATUS_FAILED. */
bool input_next_file(struct input *input);

/* Reads more bytes of the open file; makes room, so that spans into the buffer move.  False: the
 * file has ended (at_end is set), reading failed, which is a message and STATUS_FAILED, no memory
 * is left for the bytes, likewise, or `stop` is set. */
bool input_fill(struct input *input);

/* Calls before_wait() if the next read of the open file would block.  False: `stop` is set. */
bool input_await(struct input *input);

/* Reads up to `room` bytes of the open file into the caller's own memory, past the buffer: read(2),
 * with its result and errno, but for EINTR.  Who uses it does not use input_fill(). */
ssize_t input_read(struct input *input, char *to, size_t room);

/* The bytes at hand. */
static inline struct span input_bytes(const struct input *input)
{
    return (struct span){input->buffer + input->start, input->end - input->start};
}

void input_close(struct input *input);

#endif
