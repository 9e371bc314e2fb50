/* thread: threads in addition to a main thread that handles the signals. */
#ifndef THREAD_H
#define THREAD_H

#include <pthread.h>

/* Starts a thread that gets no signals.  Returns 0, or an errno as pthread_create() does; then
 * *thread is not set. */
int thread_start(pthread_t *thread, void *(*run)(void *context), void *context);

#endif
