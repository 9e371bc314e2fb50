#include "config.h"

#include "receive/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST_PASSED = 3 }; /* sd_listen_fds(3): SD_LISTEN_FDS_START */

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_UNIX)
        return true;
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)address;
        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *in6 = (const void *)address;
    return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

/* Names a socket after the address that it is bound to. */
static bool add(struct listeners *listeners, int fd, const char *path, struct reason *reason)
{
    struct sockaddr_storage storage = {0};
    struct sockaddr *address = (void *)&storage;
    socklen_t len = sizeof storage;
    char host[80], port[8];
    struct listener *listener = &listeners->listener[listeners->count];
    if (listeners->count == LISTEN_MAX)
        return reason_set(reason, "more than %d sockets to listen on", LISTEN_MAX);
    if (getsockname(fd, address, &len) != 0)
        return reason_set(reason, "socket %d: %s", fd, strerror(errno));
    *listener = (struct listener){.fd = fd, .local = is_loopback(address), .path = path};
    if (address->sa_family == AF_UNIX)
        snprintf(listener->name, sizeof listener->name, "unix:%s",
                 ((struct sockaddr_un *)address)->sun_path);
    else if (getnameinfo(address, len, host, sizeof host, port, sizeof port,
                         NI_NUMERICHOST | NI_NUMERICSERV) == 0)
        snprintf(listener->name, sizeof listener->name,
                 address->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
    listeners->count++;
    return true;
}

/* What to do about an error of bind(2), appended to its text. */
static const char *advice(int error)
{
    switch (error) {
    case EACCES:
        return "; a port below 1024 needs CAP_NET_BIND_SERVICE, or a socket that systemd passes";
    case EADDRINUSE:
        return "; another process listens there, which \"ss -ltnp\" shows";
    case EADDRNOTAVAIL:
        return "; no interface of this machine has this address; * stands for all that it has";
    default:
        return "";
    }
}

static bool start(struct listeners *listeners, int fd, const struct sockaddr *address,
                  socklen_t len, const char *path)
{
    int one = 1;
    struct reason ignored;
    if (address->sa_family != AF_UNIX)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    /* An IPv6 address is for IPv6 only; `*` opens both kinds. */
    if (address->sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    if (bind(fd, address, len) == 0 && listen(fd, SOMAXCONN) == 0 &&
        add(listeners, fd, path, &ignored))
        return true;
    int error = errno;
    close(fd);
    errno = error;
    return false;
}

/* Removes a socket on which no process listens any more.  False: a process does, or it is not a
 * socket. */
static bool remove_stale(const struct sockaddr_un *address)
{
    struct stat is;
    if (lstat(address->sun_path, &is) != 0)
        return errno == ENOENT;
    if (!S_ISSOCK(is.st_mode)) {
        errno = EEXIST;
        return false;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool dead = fd >= 0 && connect(fd, (const void *)address, sizeof *address) != 0 &&
                errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    errno = EADDRINUSE;
    return dead && unlink(address->sun_path) == 0;
}

static bool open_unix(struct listeners *listeners, const char *path, struct reason *reason)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (*path == '\0' || strlen(path) >= sizeof address.sun_path)
        return reason_set(reason, "unix:%s: the path must have 1 to %zu bytes", path,
                          sizeof address.sun_path - 1);
    strcpy(address.sun_path, path);
    int fd = -1;
    if (!remove_stale(&address) ||
        (fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0 ||
        !start(listeners, fd, (void *)&address, sizeof address, path))
        return reason_set(reason, "unix:%s: %s%s", path, strerror(errno),
                          errno == EADDRINUSE ? "; another process listens there"
                          : errno == EEXIST   ? ", and is not a socket"
                                              : "");
    return true;
}

/* Splits [HOST:]PORT.  False: it does not have that form. */
static bool split(const char *text, char host[256], const char **port)
{
    const char *colon = strrchr(text, ':');
    const char *from = text, *end = colon;
    *port = colon != NULL ? colon + 1 : text;
    if (colon == NULL) {
        strcpy(host, "127.0.0.1");
    } else {
        if (*from == '[' && end > from && end[-1] == ']') {
            from++;
            end--;
        } else if (memchr(from, ':', (size_t)(end - from)) != NULL) {
            return false; /* an IPv6 address without brackets */
        }
        if (end == from || end - from > 255)
            return false;
        memcpy(host, from, (size_t)(end - from));
        host[end - from] = '\0';
    }
    size_t digits = strspn(*port, "0123456789");
    return digits > 0 && (*port)[digits] == '\0';
}

/* Opens the addresses.  False with errno set: none could be opened. */
static bool open_addresses(struct listeners *listeners, const struct addrinfo *address)
{
    size_t before = listeners->count;
    int error = 0;
    for (; address != NULL; address = address->ai_next) {
        int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || !start(listeners, fd, address->ai_addr, address->ai_addrlen, NULL))
            error = errno;
    }
    errno = error;
    /* On a system without IPv6, all of IPv4 is enough. */
    return listeners->count > before && (error == 0 || error == EAFNOSUPPORT);
}

bool listen_open(struct listeners *listeners, const char *text, struct reason *reason)
{
    char host[256];
    const char *port;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found;
    if (strncmp(text, "unix:", 5) == 0)
        return open_unix(listeners, text + 5, reason);
    if (!split(text, host, &port))
        return reason_set(reason,
                          "%s: not [HOST:]PORT or unix:PATH, such as 127.0.0.1:8443 or "
                          "[::1]:8443",
                          text);
    if (strlen(port) > 5 || atol(port) > 65535)
        return reason_set(reason, "%s: the largest port is 65535", text);
    int error = getaddrinfo(strcmp(host, "*") == 0 ? NULL : host, port, &hints, &found);
    if (error != 0)
        return reason_set(reason, "%s: %s", text,
                          error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
    bool open = open_addresses(listeners, found);
    error = errno;
    freeaddrinfo(found);
    return open || reason_set(reason, "%s: %s%s", text, strerror(error), advice(error));
}

static bool inherit(struct listeners *listeners, int fd, struct reason *reason)
{
    int listening = 0;
    socklen_t len = sizeof listening;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) != 0 || !listening)
        return reason_set(reason, "LISTEN_FDS: descriptor %d is not a listening socket", fd);
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0)
        return reason_set(reason, "LISTEN_FDS: %s", strerror(errno));
    return add(listeners, fd, NULL, reason);
}

bool listen_inherit(struct listeners *listeners, struct reason *reason)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
    bool ours = pid != NULL && count != NULL && atol(pid) == (long)getpid();
    int sockets = ours ? atoi(count) : 0;
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    for (int i = 0; i < sockets; i++)
        if (!inherit(listeners, FIRST_PASSED + i, reason))
            return false;
    return true;
}

void listen_remove(const struct listeners *listeners)
{
    for (size_t i = 0; i < listeners->count; i++)
        if (listeners->listener[i].path != NULL)
            unlink(listeners->listener[i].path);
}
