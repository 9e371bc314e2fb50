/* read_all: reads all bytes of a file, or up to a limit. */
#ifndef READ_ALL_H
#define READ_ALL_H

#include <stddef.h>
#include <sys/types.h>

/* Reads up to `room` bytes, with as many calls of read(2) as needed; an interrupted call is
 * repeated.  Returns the number of bytes, less than `room` only where the file ends; -1 with errno
 * set. */
ssize_t read_all(int fd, void *to, size_t room);

/* The same at an offset of the file, with pread(2). */
ssize_t read_at(int fd, void *to, size_t room, off_t offset);

#endif
