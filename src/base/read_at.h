/* read_at: reads the bytes at an offset of a file. */
#ifndef READ_AT_H
#define READ_AT_H

#include <stddef.h>
#include <sys/types.h>

/* Reads up to `room` bytes, with as many calls of pread(2) as needed; an interrupted call is
 * repeated.  Returns the number of bytes, less than `room` only where the file ends; -1 with errno
 * set. */
ssize_t read_at(int fd, void *to, size_t room, off_t offset);

#endif
