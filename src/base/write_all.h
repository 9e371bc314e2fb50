/* write_all: bytes to a descriptor, all of them. */
#ifndef WRITE_ALL_H
#define WRITE_ALL_H

#include "base/span.h"

/* Writes the bytes, with as many calls of write(2) as it takes; a call that a signal interrupts is
 * made again.  False with errno set: not all were written. */
bool write_all(int fd, struct span bytes);

#endif
