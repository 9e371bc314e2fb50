#include "config.h"

#include "base/clock.h"
#include "receive/answer.h"
#include "receive/certificate.h"
#include "receive/request.h"
#include "receive/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LEAST_RATE = 4096,      /* the least average rate of a body, in bytes a second */
    POOL_EXTRA = 16 * 1024, /* memory of a connection in addition to its header: for one read */
    OTHER_DESCRIPTORS = 64, /* descriptors that are not connections */
    MANY_PER_ADDRESS = 128,
};

/* All connections. */
static pthread_mutex_t peers_lock = PTHREAD_MUTEX_INITIALIZER;
static struct peer *peers;

static void name_address(const struct sockaddr *address, char *name, socklen_t size)
{
    const void *bytes = NULL;
    if (address != NULL && address->sa_family == AF_INET)
        bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    else if (address != NULL && address->sa_family == AF_INET6)
        bytes = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (bytes == NULL || inet_ntop(address->sa_family, bytes, name, size) == NULL)
        strcpy(name, "unix");
}

static void peer_begin(struct MHD_Connection *connection, void **slot)
{
    const union MHD_ConnectionInfo *fd =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *address =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct peer *peer = calloc(1, sizeof *peer);
    *slot = peer;
    if (peer == NULL || fd == NULL)
        return;
    peer->fd = fd->connect_fd;
    atomic_store(&peer->since, clock_now());
    name_address(address != NULL ? address->client_addr : NULL, peer->address,
                 sizeof peer->address);
    pthread_mutex_lock(&peers_lock);
    peer->next = peers;
    if (peers != NULL)
        peers->previous = peer;
    peers = peer;
    pthread_mutex_unlock(&peers_lock);
}

/* Only libmicrohttpd knows that a TLS handshake failed, and it does not say whose. */
static void tell_silent(const struct server *server, const struct peer *peer)
{
    if (server->certificate_file != NULL && server->receiver->journal.verbose && !peer->has_spoken)
        diag_warn("%s closed its connection without a request; clients do so that do not speak TLS "
                  "(an http:// URL), or do not trust the certificate",
                  peer->address);
}

static void peer_end(const struct server *server, void **slot)
{
    struct peer *peer = *slot;
    if (peer == NULL)
        return;
    tell_silent(server, peer);
    pthread_mutex_lock(&peers_lock);
    if (peer->previous != NULL)
        peer->previous->next = peer->next;
    else
        peers = peer->next;
    if (peer->next != NULL)
        peer->next->previous = peer->previous;
    pthread_mutex_unlock(&peers_lock);
    free(peer);
    *slot = NULL;
}

static void notify(void *context, struct MHD_Connection *connection, void **slot,
                   enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        peer_begin(connection, slot);
    else
        peer_end(context, slot);
}

void server_expire(struct server *server)
{
    int64_t now = clock_now();
    pthread_mutex_lock(&peers_lock);
    for (struct peer *peer = peers; peer != NULL; peer = peer->next) {
        int64_t since = atomic_load(&peer->since);
        int64_t extra = (int64_t)(atomic_load(&peer->body) * (1000000 / LEAST_RATE));
        /* The daemon's thread notices the end of the connection, and cleans up. */
        if (since >= 0 && now - since > server->timeout + extra)
            shutdown(peer->fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&peers_lock);
}

/* Raises the limit of descriptors as far as possible, and lowers the number of connections if they
 * do not suffice. */
static void fit_descriptors(struct server *server)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    rlim_t needed = server->max_connections + OTHER_DESCRIPTORS;
    if (limit.rlim_cur < needed) {
        limit.rlim_cur = limit.rlim_max < needed ? limit.rlim_max : needed;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur >= needed)
        return;
    server->max_connections = limit.rlim_cur > 2 * OTHER_DESCRIPTORS
                                  ? limit.rlim_cur - OTHER_DESCRIPTORS
                                  : OTHER_DESCRIPTORS;
    diag_warn("only %zu connections at once: the limit on open files is %ju",
              server->max_connections, (uintmax_t)limit.rlim_cur);
}

static struct MHD_Daemon *start(struct server *server, const struct listener *listener,
                                size_t count)
{
    struct receiver *receiver = server->receiver;
    bool tls = server->certificate_file != NULL;
    size_t per_address = server->max_per_address != SIZE_MAX ? server->max_per_address
                         : listener->local                   ? 0
                                                             : MANY_PER_ADDRESS;
    unsigned connections = (unsigned)((server->max_connections + count - 1) / count);
    unsigned threads = (unsigned)server->threads;
    /* Each thread gets a share of the connections, so there must not be more threads than
     * connections. */
    if (threads > connections)
        threads = connections;
    static char priorities[] = CERTIFICATE_PRIORITIES;
    struct MHD_OptionItem tls_options[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, certificate_callback},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, priorities},
        {server->authorities != NULL ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0,
         server->authorities},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem no_options[] = {{MHD_OPTION_END, 0, NULL}};
    struct MHD_OptionItem pool[] = {
        {threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
                     (tls ? MHD_USE_TLS : MHD_NO_FLAG);
    return MHD_start_daemon(
        flags, 0, NULL, NULL, request_handle, receiver, MHD_OPTION_LISTEN_SOCKET, listener->fd,
        MHD_OPTION_NOTIFY_CONNECTION, notify, server, MHD_OPTION_NOTIFY_COMPLETED,
        request_completed, receiver, MHD_OPTION_CONNECTION_LIMIT, connections,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)per_address,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, receiver->max_header + POOL_EXTRA,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(server->timeout / 1000000 + 1),
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY, tls ? tls_options : no_options,
        MHD_OPTION_ARRAY, pool, MHD_OPTION_END);
}

bool server_begin(struct server *server, const struct listeners *listeners)
{
    struct reason reason;
    fit_descriptors(server);
    if (server->certificate_file != NULL &&
        !certificate_load(server->certificate_file, server->key_file, &reason)) {
        diag_fail("%s", reason.text);
        return false;
    }
    if (server->authorities_file != NULL &&
        !certificate_load_authorities(server->authorities_file, &server->authorities, &reason)) {
        diag_fail("%s", reason.text);
        return false;
    }
    server->receiver->need_certificate = server->authorities != NULL;
    if (!answer_begin()) {
        diag_fail("%s", strerror(ENOMEM));
        return false;
    }
    for (size_t i = 0; i < listeners->count; i++) {
        errno = 0;
        struct MHD_Daemon *daemon = start(server, &listeners->listener[i], listeners->count);
        if (daemon == NULL) {
            diag_fail("%s: cannot start to serve: %s", listeners->listener[i].name,
                      errno != 0 ? strerror(errno) : "libmicrohttpd refuses");
            return false;
        }
        server->daemon[server->daemons++] = daemon;
    }
    return true;
}

void server_quiesce(struct server *server)
{
    for (size_t i = 0; i < server->daemons; i++) {
        int fd = MHD_quiesce_daemon(server->daemon[i]);
        if (fd >= 0)
            close(fd);
    }
}

void server_end(struct server *server)
{
    for (size_t i = 0; i < server->daemons; i++)
        MHD_stop_daemon(server->daemon[i]);
    server->daemons = 0;
    answer_end();
    certificate_free();
    free(server->authorities);
}
