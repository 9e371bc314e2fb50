/* write_all: writes all bytes to a descriptor. */
#ifndef WRITE_ALL_H
#define WRITE_ALL_H

#include "base/span.h"

/* Writes the bytes, with as many calls of write(2) as needed; an interrupted call is repeated.
 * False with errno set: not all bytes were written. */
bool write_all(int fd, struct span bytes);

#endif
