/* input: the bytes of the operands, one file after the other, in one growing buffer.
 *
 * Every supported kind of file is read as text (decoder.h).  An unsupported file is refused whole:
 * a message that says what to do, and STATUS_FAILED. */
#ifndef INPUT_H
#define INPUT_H

#include "base/decoder.h"
#include "base/names.h"

#include <sys/types.h>

enum { INPUT_REFUSED = 4 }; /* files that are written and must not be read, at most */

struct input {
    struct names names;
    int fd;           /* -1 when no file is open */
    const char *name; /* of the open file: "stdin" for standard input */
    bool at_end;      /* the open file has no more bytes */
    bool stop;        /* set by the caller, possibly in before_wait(): nothing more is read */
    bool interrupted; /* … because of a signal (interrupt.h), which input_await() checks */
    char *buffer;
    size_t start, end; /* the bytes that were read and not yet consumed */
    size_t capacity;
    void (*before_wait)(void *context); /* called before a read that would block */
    void *context;

    /* Reads and handles whole lines of the open file itself, from the offset *at, with `line` lines
     * before it and `left` bytes after it.  Sets *at to where reading continues, and returns the
     * number of lines.  NULL: the reader of records reads all lines. */
    size_t (*take_lines)(void *context, size_t line, off_t *at, off_t left);
    void *take_context;

    struct decoder decoder;
    off_t size; /* bytes of the regular file when it was opened; otherwise 0 */

    struct {
        dev_t device;
        ino_t inode;
        const char *what;
    } outputs[INPUT_REFUSED];
    size_t outputs_count;
};

/* Begins with the operands (standard input if there are none), or with the list of names in the
 * file `list` (names.h).  operand and list must stay valid.  False after a message. */
bool input_begin(struct input *input, char *const *operand, size_t operands, const char *list);

/* Refuses the descriptor's file as input from now on, because it is written to: a tool that reads
 * its own output never ends.  Only regular files count.  `what` names it in the message:
 * "--rejects", "standard output". */
void input_refuse(struct input *input, int fd, const char *what);

/* Opens the next file that can be opened; the buffer is then empty.  False: there are no more, or
 * `stop` is set.  A file that cannot be opened, or is refused, is a message and STATUS_FAILED. */
bool input_next_file(struct input *input);

/* Reads more bytes of the open file; makes room, so that spans into the buffer move.  False: the
 * file has ended (at_end is set), reading failed or there is no memory (both a message and
 * STATUS_FAILED), or `stop` is set, which counts as the file's end. */
bool input_fill(struct input *input);

/* Waits until the next read of the open file does not block; calls before_wait() if there is a
 * wait. False: `stop` is set, or became set because a signal asked to stop. */
bool input_await(struct input *input);

/* Reads up to `room` bytes, SNIFF_ENOUGH at least, of the open file into the caller's own memory,
 * past the buffer, as read(2) does: 0 at the end, -1 with errno set; never EINTR.  Data that cannot
 * be decompressed is a message and STATUS_FAILED, and ends the file; a file that became shorter
 * while it was read is one as well.  Do not use it together with input_fill(). */
ssize_t input_read(struct input *input, char *to, size_t room);

/* Passes whole lines of the open file to take_lines(), if that is set and the file is a regular one
 * and not compressed.  The caller has handled all that was read except the last `unread` bytes,
 * which begin a line and have `line` lines before them.  Returns the number of lines that were
 * taken; if it is not 0, the caller drops the unread bytes, and reading continues after these
 * lines. */
size_t input_take_lines(struct input *input, size_t line, size_t unread);

/* Whether input_read() has bytes without reading from the descriptor, which may block. */
bool input_pending(const struct input *input);

/* Whether there is certainly more input than was read, in input that can be read again: a file that
 * is not at its end, or files that were not opened. */
bool input_unread(const struct input *input);

/* The bytes that were read. */
static inline struct span input_bytes(const struct input *input)
{
    return (struct span){input->buffer + input->start, input->end - input->start};
}

void input_close(struct input *input);

#endif
