/* server: connections and their limits, on GNU libmicrohttpd.
 *
 * A daemon for each socket, with threads of its own; no HTTP is parsed here.  A request's header
 * must arrive within a time limit, counted from the beginning of the connection or the last
 * response.  Its body has another limit, which grows with the bytes received: a client that sends a
 * byte now and then is disconnected. */
#ifndef SERVER_H
#define SERVER_H

#include "receive/listen.h"
#include "receive/receiver.h"

struct server {
    struct receiver *receiver;
    const char *certificate_file, *key_file; /* NULL: plain HTTP */
    const char *authorities_file;            /* NULL: clients need no certificate */
    size_t threads;                          /* of each daemon */
    size_t max_connections;                  /* of all daemons */
    size_t max_per_address; /* SIZE_MAX: no limit on sockets that only this machine can reach, else
                               128 */
    int64_t timeout;        /* microseconds */

    char *authorities;
    struct MHD_Daemon *daemon[LISTEN_MAX];
    size_t daemons;
};

/* Starts to serve on all the sockets, which then belong to the server.  False after a message. */
bool server_begin(struct server *server, const struct listeners *listeners);

/* Closes connections that have taken too long; to be called about once a second. */
void server_expire(struct server *server);

/* Accepts no more connections. */
void server_quiesce(struct server *server);

/* Ends all connections and threads.  No request may be suspended. */
void server_end(struct server *server);

#endif
