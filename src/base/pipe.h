/* pipe: the capacity of pipes between two programs. */
#ifndef PIPE_H
#define PIPE_H

/* If the descriptor is a pipe, sets its capacity to 1 MiB, so that two programs alternate less
 * often. If the kernel does not allow it, the pipe is unchanged. */
void pipe_grow(int fd);

#endif
