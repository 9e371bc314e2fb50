#include "config.h"

#include "base/clock.h"
#include "receive/certificate.h"
#include "receive/service.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { SECOND = 1000000, MEBI = 1024 * 1024, THREADS_MOST = 4 };

void service_init(struct service *service)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    *service = (struct service){.drain = 30 * SECOND, .max_memory = 256 * MEBI};
    service->store.segment_size = 8 * MEBI;
    service->store.segment_time = SECOND;
    service->receiver.max_body = 50 * 1000 * 1000;
    service->receiver.max_header = 16 * 1024;
    service->receiver.commit.store = &service->store;
    service->receiver.commit.wait = 5000;
    auth_check_init(&service->receiver.auth);
    service->server.receiver = &service->receiver;
    service->server.threads = processors < 1              ? 1
                              : processors < THREADS_MOST ? (size_t)processors
                                                          : THREADS_MOST;
    service->server.max_connections = 4096;
    service->server.max_per_address = SIZE_MAX;
    service->server.timeout = 60 * SECOND;
}

static bool listen_all(struct service *service)
{
    struct reason reason;
    bool good = listen_inherit(&service->listeners, &reason);
    for (size_t i = 0; i < service->listens && good; i++)
        good = listen_open(&service->listeners, service->listen[i], &reason);
    if (!good)
        diag_fail("%s", reason.text);
    else if (service->listeners.count == 0)
        diag_fail("no socket to listen on: no --listen, and LISTEN_FDS passes none to this "
                  "process; a script that starts it under systemd must use exec");
    return good && service->listeners.count > 0;
}

static bool load_credentials(struct service *service, struct reason *reason)
{
    return auth_check_load(&service->receiver.auth, service->credential_file,
                           service->credential_files, SERVICE_CREDENTIAL_VARIABLE, reason);
}

/* A file that cannot be read leaves the previous contents in use. */
static void reload(struct service *service)
{
    struct reason reason;
    struct server *server = &service->server;
    bool tls = server->certificate_file != NULL;
    bool good = load_credentials(service, &reason);
    if (!good)
        diag_warn("SIGHUP: %s; the credentials stay as they were", reason.text);
    if (tls && !certificate_load(server->certificate_file, server->key_file, &reason)) {
        diag_warn("SIGHUP: %s; the certificate stays as it was", reason.text);
        good = false;
    }
    if (server->authorities_file != NULL &&
        !certificate_load_authorities(server->authorities_file, NULL, &reason)) {
        diag_warn("SIGHUP: %s; the authorities stay as they were", reason.text);
        good = false;
    }
    if (journal_reopen(&service->receiver.journal) && good)
        diag_warn("SIGHUP: reloaded");
}

/* HUP, INT and TERM, which are waited for; threads that begin later do not get them. */
static sigset_t block_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    return signals;
}

/* Waits for a signal for that time; 0: none came. */
static int wait_for_signal(const sigset_t *signals, int64_t microseconds)
{
    struct timespec time = {microseconds / SECOND, microseconds % SECOND * 1000};
    int number = sigtimedwait(signals, NULL, &time);
    return number > 0 ? number : 0;
}

/* Warns about risks of an address that other machines can reach. */
static void warn(const struct service *service, const struct listener *listener)
{
    const struct receiver *receiver = &service->receiver;
    if (receiver->auth.kind == AUTH_CHECK_NONE && !receiver->need_certificate)
        diag_warn("warning: anyone who reaches %s can add events; use --auth or --client-ca",
                  listener->name);
    else if (service->server.certificate_file == NULL)
        diag_warn("warning: %s receives credentials unencrypted; use --cert and --key, or a "
                  "proxy with TLS",
                  listener->name);
}

static void announce(const struct service *service)
{
    for (size_t i = 0; i < service->listeners.count; i++) {
        const struct listener *listener = &service->listeners.listener[i];
        diag_warn("listening on %s", listener->name);
        if (!listener->local)
            warn(service, listener);
    }
}

static bool begin(struct service *service)
{
    struct reason reason;
    struct receiver *receiver = &service->receiver;
    receiver->commit.sync = (enum commit_sync)service->sync;
    service->store.sync = receiver->commit.sync != COMMIT_NONE;
    receiver->budget.limit = service->max_memory;
    rate_begin(&receiver->rate, service->max_rate);
    if (receiver->paths == 0)
        receiver->path[receiver->paths++] = "/";
    if (!load_credentials(service, &reason)) {
        diag_fail("%s", reason.text);
        return false;
    }
    if (!listen_all(service) || !journal_open(&receiver->journal) || !store_open(&service->store))
        return false;
    if (!commit_begin(&receiver->commit)) {
        diag_fail("cannot start a thread: %s", strerror(errno));
        return false;
    }
    if (!server_begin(&service->server, &service->listeners))
        return false;
    announce(service);
    return true;
}

static void serve(struct service *service, const sigset_t *signals)
{
    while (!atomic_load(&service->store.broken)) {
        int number = wait_for_signal(signals, SECOND);
        if (number == SIGHUP)
            reload(service);
        else if (number != 0)
            return;
        server_expire(&service->server);
    }
}

/* A second signal ends the program at once, unless both arrive together: timeout(1) sends its
 * signal to the program and then to the whole group. */
static void obey_second_signal(const sigset_t *signals, int64_t begun)
{
    int number = wait_for_signal(signals, SECOND / 100);
    if (number == 0 || number == SIGHUP || clock_now() - begun < SECOND / 2)
        return;
    signal(number, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, signals, NULL);
    raise(number);
}

/* Waits until no request is active, but no longer than that time. */
static void wait_for_requests(struct service *service, const sigset_t *signals,
                              int64_t microseconds)
{
    int64_t begun = clock_now();
    while (atomic_load(&service->receiver.active) > 0 && clock_now() - begun < microseconds) {
        obey_second_signal(signals, begun);
        server_expire(&service->server);
    }
}

/* Finishes the active requests. */
static void end(struct service *service, const sigset_t *signals)
{
    enum { ANSWERS = 2 * SECOND };
    struct receiver *receiver = &service->receiver;
    atomic_store(&receiver->stopping, true);
    /* Afterwards the path may be another receiver's. */
    listen_remove(&service->listeners);
    server_quiesce(&service->server);
    if (!atomic_load(&service->store.broken))
        wait_for_requests(service, signals, service->drain);
    atomic_store(&service->store.give_up, true);
    if (!commit_end(&receiver->commit))
        diag_fail("%s", service->store.reason.text);
    wait_for_requests(service, signals, ANSWERS);
    server_end(&service->server);
    commit_free(&receiver->commit);
    journal_close(&receiver->journal);
    auth_check_free(&receiver->auth);
}

void service_run(struct service *service)
{
    sigset_t signals = block_signals();
    if (!begin(service)) {
        listen_remove(&service->listeners);
        return;
    }
    serve(service, &signals);
    end(service, &signals);
}
