#include "config.h"

#include "base/diag.h"
#include "deliver/header.h"
#include "deliver/http.h"
#include "deliver/url.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    UPLOAD_BUFFER = 128 * 1024,
    CONNECT_TIMEOUT = 10 * 1000, /* milliseconds */
    LONGEST_WAIT = 3600 * 1000,  /* milliseconds */
    LEAST_RESPONSE =
        4096, /* bytes of a response's buffer: most responses fit, and are not copied */
};

/* The variables that libcurl takes a proxy from. */
static const char *const proxy_variables[] = {"http_proxy", "https_proxy", "HTTPS_PROXY",
                                              "all_proxy", "ALL_PROXY"};
enum { PROXIES = sizeof proxy_variables / sizeof *proxy_variables };

/* libcurl's messages may quote a proxy that it could not parse. */
static bool hide_proxies(void)
{
    for (size_t i = 0; i < PROXIES; i++) {
        const char *proxy = getenv(proxy_variables[i]);
        if (proxy != NULL && !url_add_proxy_secrets(proxy))
            return false;
    }
    return true;
}

/* libcurl reads these files only after it has reached a server.  "scheme:" names a key in
 * hardware. */
static bool can_read(const char *file)
{
    if (file == NULL || access(file, R_OK) == 0 || strchr(file, ':') != NULL)
        return true;
    diag_fail("%s: %s", file, strerror(errno));
    return false;
}

bool http_begin(struct http *http, const struct http_options *options)
{
    *http = (struct http){.options = *options};
    if (!can_read(options->cacert) || !can_read(options->cert) || !can_read(options->key))
        return false;
    if (!hide_proxies() || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
        (http->multi = curl_multi_init()) == NULL || (http->share = curl_share_init()) == NULL) {
        diag_fail("libcurl cannot be used: no memory, or no TLS library");
        return false;
    }
    curl_share_setopt(http->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)options->parallel + 2);
    return true;
}

static size_t receive_body(char *data, size_t size, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    size_t len = size * count;
    if (transfer->receive != NULL) {
        switch (transfer->receive(transfer->context, transfer, (struct span){data, len})) {
        case HTTP_TAKEN:
            return len;
        case HTTP_NO_MEMORY:
            return 0;
        case HTTP_NOT_WANTED:
            break;
        }
    }
    size_t room = HTTP_RESPONSE_MAX - transfer->response_len;
    if (len > room)
        transfer->response_truncated = true;
    size_t kept = len < room ? len : room;
    if (kept > transfer->response_size - transfer->response_len) {
        size_t wanted = 2 * transfer->response_size + kept;
        if (wanted < LEAST_RESPONSE)
            wanted = LEAST_RESPONSE;
        char *grown = realloc(transfer->response, wanted);
        if (grown == NULL)
            return 0;
        transfer->response = grown;
        transfer->response_size = wanted;
    }
    if (kept > 0)
        memcpy(transfer->response + transfer->response_len, data, kept);
    transfer->response_len += kept;
    return len;
}

static size_t send_pieces(char *to, size_t size, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    size_t room = size * count, sent = 0;
    while (sent < room && transfer->piece < transfer->body.count) {
        struct span bytes = transfer->body.piece[transfer->piece].bytes;
        size_t len = bytes.len - transfer->offset;
        if (len > room - sent)
            len = room - sent;
        memcpy(to + sent, bytes.at + transfer->offset, len);
        sent += len;
        transfer->offset += len;
        if (transfer->offset == bytes.len) {
            transfer->piece++;
            transfer->offset = 0;
        }
    }
    return sent;
}

/* libcurl starts again if a connection that it reused turns out to be closed. */
static int rewind_pieces(void *context, curl_off_t offset, int origin)
{
    struct http_transfer *transfer = context;
    if (offset != 0 || origin != SEEK_SET)
        return CURL_SEEKFUNC_CANTSEEK;
    transfer->piece = transfer->offset = 0;
    return CURL_SEEKFUNC_OK;
}

/* Without a proxy in the environment, libcurl need not check for one at every request. */
static bool may_have_proxy(void)
{
    for (size_t i = 0; i < PROXIES; i++)
        if (getenv(proxy_variables[i]) != NULL)
            return true;
    return false;
}

/* Keeps a list of the open connections, so that data received on them can be acknowledged. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http *http = context;
    (void)purpose;
    if (http->sockets == http->sockets_size) {
        size_t size = http->sockets_size > 0 ? 2 * http->sockets_size : 16;
        int *grown = realloc(http->socket, size * sizeof *grown);
        if (grown == NULL)
            return CURL_SOCKET_BAD;
        http->socket = grown;
        http->sockets_size = size;
    }
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    http->socket[http->sockets++] = fd;
    return fd;
}

static int close_socket(void *context, curl_socket_t fd)
{
    struct http *http = context;
    for (size_t i = 0; i < http->sockets; i++)
        if (http->socket[i] == fd) {
            http->socket[i] = http->socket[--http->sockets];
            break;
        }
    return close(fd);
}

/* The kernel resets this option with every request that is sent. */
static void acknowledge_at_once(const struct http *http)
{
    const int on = 1;
    for (size_t i = 0; i < http->sockets; i++)
        setsockopt(http->socket[i], IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

/* What every transfer needs, whatever it is for. */
static void set_up_plain(struct http *http, struct http_transfer *transfer)
{
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_SHARE, http->share);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, send_pieces);
    curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, rewind_pieces);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BUFFER);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* A large body is announced (Expect), but few servers respond to that: libcurl waits only a
     * millisecond for it. */
    curl_easy_setopt(easy, CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
}

static void set_up(struct http *http, struct http_transfer *transfer)
{
    CURL *easy = transfer->easy;
    const struct http_options *options = &http->options;
    long timeout = (long)(options->timeout / 1000);
    set_up_plain(http, transfer);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     timeout < CONNECT_TIMEOUT ? timeout : (long)CONNECT_TIMEOUT);
    if (!may_have_proxy()) {
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
        curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    }
    if (options->cacert != NULL)
        curl_easy_setopt(easy, CURLOPT_CAINFO, options->cacert);
    if (options->cert != NULL)
        curl_easy_setopt(easy, CURLOPT_SSLCERT, options->cert);
    if (options->key != NULL)
        curl_easy_setopt(easy, CURLOPT_SSLKEY, options->key);
    if (options->key_passphrase != NULL)
        curl_easy_setopt(easy, CURLOPT_KEYPASSWD, options->key_passphrase);
    if (options->quick_ack) {
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, http);
        curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
        curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, http);
    }
}

struct http_transfer *http_take(struct http *http)
{
    struct http_transfer *transfer = http->idle;
    if (transfer != NULL) {
        http->idle = transfer->next;
        transfer->receive = NULL;
        edit_clear(&transfer->body);
        return transfer;
    }
    transfer = calloc(1, sizeof *transfer);
    if (transfer == NULL || (transfer->easy = curl_easy_init()) == NULL) {
        free(transfer);
        return NULL;
    }
    transfer->other = http->all;
    http->all = transfer;
    set_up(http, transfer);
    return transfer;
}

struct http_transfer *http_take_plain(struct http *http)
{
    struct http_transfer *transfer = http_take(http);
    if (transfer == NULL)
        return NULL;
    curl_easy_reset(transfer->easy);
    http_set_headers(transfer, NULL);
    transfer->configured = 0;
    transfer->plain = true;
    set_up_plain(http, transfer);
    return transfer;
}

char *http_buffer(struct http_transfer *transfer, size_t size)
{
    if (size > transfer->buffer_size) {
        free(transfer->buffer);
        transfer->buffer = malloc(size);
        transfer->buffer_size = transfer->buffer != NULL ? size : 0;
    }
    return transfer->buffer;
}

void http_send_body(struct http_transfer *transfer)
{
    const struct edit *body = &transfer->body;
    curl_off_t len = 0;
    for (size_t i = 0; i < body->count; i++)
        len += (curl_off_t)body->piece[i].bytes.len;
    /* One span is sent with the header in one write; libcurl reads it in place. */
    const char *whole = body->count == 1 ? body->piece[0].bytes.at : body->count == 0 ? "" : NULL;
    curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE_LARGE, len);
    curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDS, whole);
    if (whole == NULL)
        curl_easy_setopt(transfer->easy, CURLOPT_POST, 1L);
}

void http_set_headers(struct http_transfer *transfer, struct curl_slist *headers)
{
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, headers);
    header_free(transfer->headers);
    transfer->headers = headers;
}

void http_wipe_response(struct http_transfer *transfer)
{
    if (transfer->response != NULL)
        explicit_bzero(transfer->response, transfer->response_size);
}

bool http_start(struct http *http, struct http_transfer *transfer, http_done *done, void *context)
{
    if (transfer->body.no_memory)
        return false;
    transfer->done = done;
    transfer->context = context;
    transfer->response_len = 0;
    transfer->response_truncated = false;
    transfer->piece = transfer->offset = 0;
    transfer->error[0] = '\0';
    if (curl_multi_add_handle(http->multi, transfer->easy) != CURLM_OK)
        return false;
    http->running++;
    return true;
}

void http_give(struct http *http, struct http_transfer *transfer)
{
    if (transfer->plain) {
        curl_easy_reset(transfer->easy);
        http_set_headers(transfer, NULL);
        set_up(http, transfer);
        transfer->plain = false;
    }
    transfer->next = http->idle;
    http->idle = transfer;
}

void http_cancel(struct http *http, struct http_transfer *transfer)
{
    curl_multi_remove_handle(http->multi, transfer->easy);
    http->running--;
    http_give(http, transfer);
}

/* Whether the peer responded to a TLS greeting with something else, as a plain HTTP server does.
 * libcurl has no code for that; the texts are those of OpenSSL, GnuTLS and mbed TLS. */
static bool is_not_tls(CURLcode code, const char *error)
{
    static const char *const texts[] = {"wrong version number", "unexpected TLS packet",
                                        "packet length too long", "invalid SSL record"};
    for (size_t i = 0; code == CURLE_SSL_CONNECT_ERROR && i < sizeof texts / sizeof *texts; i++)
        if (strstr(error, texts[i]) != NULL)
            return true;
    return false;
}

static void finish(struct http *http, CURL *easy, CURLcode code)
{
    char *private = NULL;
    struct http_response response = {.code = code, .easy = easy};
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
    struct http_transfer *transfer = (void *)private;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &response.status);
    curl_multi_remove_handle(http->multi, easy);
    response.body =
        (struct span){transfer->response_len > 0 ? transfer->response : "", transfer->response_len};
    response.truncated = transfer->response_truncated;
    response.error = "";
    if (code != CURLE_OK)
        response.error = transfer->error[0] != '\0' ? transfer->error : curl_easy_strerror(code);
    if (is_not_tls(code, response.error)) {
        response.code = CURLE_UNSUPPORTED_PROTOCOL;
        response.error = "this port does not speak TLS; is it an http:// URL?";
    }
    http->running--;
    transfer->done(transfer->context, transfer, &response);
}

void http_run(struct http *http)
{
    int running, left;
    curl_multi_perform(http->multi, &running);
    if ((size_t)running == http->running)
        return;
    for (CURLMsg *message; (message = curl_multi_info_read(http->multi, &left)) != NULL;)
        if (message->msg == CURLMSG_DONE)
            finish(http, message->easy_handle, message->data.result);
}

bool http_wait(struct http *http, int input, int wake, int64_t timeout)
{
    struct curl_waitfd extra[2];
    unsigned extras = 0;
    int ready = 0;
    if (input >= 0)
        extra[extras++] = (struct curl_waitfd){.fd = input, .events = CURL_WAIT_POLLIN};
    if (wake >= 0)
        extra[extras++] = (struct curl_waitfd){.fd = wake, .events = CURL_WAIT_POLLIN};
    if (http->options.quick_ack)
        acknowledge_at_once(http);
    /* Rounded up, so that the timer has expired when the wait ends. */
    int64_t wait = (timeout + 999) / 1000;
    curl_multi_poll(http->multi, extra, extras, wait > LONGEST_WAIT ? LONGEST_WAIT : (int)wait,
                    &ready);
    if (input < 0 || ready == 0)
        return false;
    /* libcurl does not report a writer that has closed its end. */
    struct pollfd ended = {.fd = input, .events = POLLIN};
    return extra[0].revents != 0 || poll(&ended, 1, 0) > 0;
}

void http_end(struct http *http)
{
    for (struct http_transfer *next, *transfer = http->all; transfer != NULL; transfer = next) {
        next = transfer->other;
        curl_multi_remove_handle(http->multi, transfer->easy);
        curl_easy_cleanup(transfer->easy);
        header_free(transfer->headers);
        edit_free(&transfer->body);
        free(transfer->response);
        free(transfer->buffer);
        free(transfer);
    }
    http->idle = http->all = NULL;
    if (http->multi != NULL)
        curl_multi_cleanup(http->multi);
    if (http->share != NULL)
        curl_share_cleanup(http->share);
    free(http->socket);
    http->socket = NULL;
    curl_global_cleanup();
}

const char *http_response_header(const struct http_response *response, const char *name)
{
    struct curl_header *header;
    return curl_easy_header(response->easy, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK
               ? header->value
               : NULL;
}
