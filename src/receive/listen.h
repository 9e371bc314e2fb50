/* listen: the sockets on which connections arrive. */
#ifndef LISTEN_H
#define LISTEN_H

#include "base/diag.h"

enum { LISTEN_MAX = 16 }; /* sockets */

struct listener {
    int fd;
    bool local;       /* reachable only from this machine: a loopback address or a Unix socket */
    const char *path; /* of a Unix socket that was created here; NULL: another kind */
    char name[160];   /* for messages: "127.0.0.1:8443", "[::1]:8443", "unix:/run/x" */
};

struct listeners {
    struct listener listener[LISTEN_MAX];
    size_t count;
};

/* Opens the sockets for --listen: [HOST:]PORT, where HOST is an IPv4 address, an IPv6 address in
 * brackets, a host name, or * for all; without HOST it is 127.0.0.1.  "unix:PATH" is a Unix socket;
 * an existing one on which no process listens is replaced.  PORT 0 takes a free port.  False with a
 * reason. */
bool listen_open(struct listeners *listeners, const char *text, struct reason *reason);

/* Takes over the sockets that systemd passes (sd_listen_fds(3)), if LISTEN_PID is this process.
 * Removes those variables.  False with a reason: one is not a listening socket. */
bool listen_inherit(struct listeners *listeners, struct reason *reason);

/* Removes the Unix sockets that were created here.  The descriptors belong to the servers. */
void listen_remove(const struct listeners *listeners);

#endif
