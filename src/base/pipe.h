/* pipe: how much the kernel holds between two programs. */
#ifndef PIPE_H
#define PIPE_H

/* If the descriptor is a pipe, lets it hold 1 MiB, so that two programs alternate less often.  A
 * kernel that does not allow it leaves the pipe as it is. */
void pipe_grow(int fd);

#endif
