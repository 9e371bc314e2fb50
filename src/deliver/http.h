/* http: many HTTP transfers at once, through libcurl's multi interface, in one thread.
 *
 * A transfer is taken, its request is set up on its easy handle, and it is started; its `done` is
 * called from http_run() when the response is complete or the attempt has failed; then the transfer
 * is given back.  Handles, connections, TLS sessions and name lookups are reused.  Bodies are not
 * copied: libcurl reads them from the caller's spans. */
#ifndef HTTP_H
#define HTTP_H

#include "json/edit.h"

#include <curl/curl.h>
#include <stdint.h>

struct http_options {
    const char *cacert; /* --cacert: a file of certificate authorities, NULL: the system's */
    const char *cert;   /* --cert and --key: the client's certificate, NULL: none */
    const char *key;
    const char *key_passphrase; /* NULL: none */
    int64_t timeout;            /* of one attempt, microseconds */
    size_t parallel;            /* transfers at once */
    bool quick_ack; /* acknowledge received data at once: a server that sends a response in two
                       segments then need not wait (Nagle) */
};

struct http_response {
    CURLcode code; /* CURLE_OK: there is a response; CURLE_UNSUPPORTED_PROTOCOL: the peer does not
                      speak HTTP, or not TLS although the URL requires it */
    long status;   /* the HTTP status; 0: no response */
    struct span body;  /* of the response, or its first HTTP_RESPONSE_MAX bytes */
    bool truncated;    /* the body was longer */
    const char *error; /* what failed, in libcurl's words; "" for a response */
    CURL *easy;        /* for curl_easy_getinfo() and http_response_header() */
};

enum { HTTP_RESPONSE_MAX = 4 * 1024 * 1024 };

struct http;
struct http_transfer;

/* Takes bytes of a response's body as they arrive, in place of the response's body.  Bytes that it
 * does not want, such as those of an error document, become the response's body. */
enum http_received { HTTP_TAKEN, HTTP_NOT_WANTED, HTTP_NO_MEMORY };
typedef enum http_received http_receive(void *context, struct http_transfer *transfer,
                                        struct span bytes);

typedef void http_done(void *context, struct http_transfer *transfer,
                       const struct http_response *response);

struct http_transfer {
    CURL *easy;
    struct edit body;    /* what is sent; the spans must stay valid until `done` was called */
    void *own;           /* the service's, which frees it; NULL at first */
    uint64_t configured; /* the service's: the number of the handle's settings; 0 at first */
    struct curl_slist *headers; /* freed with the transfer, or when new ones are set */
    http_receive *receive;      /* NULL: none; for one request: http_take() sets it to NULL */
    http_done *done;
    void *context;               /* of done and receive */
    struct http_transfer *next;  /* in the list of idle transfers */
    struct http_transfer *other; /* in the list of all transfers */
    bool plain;                  /* from http_take_plain() */
    char *response;              /* the response's body */
    size_t response_len, response_size;
    bool response_truncated;
    size_t piece, offset; /* the position in the body up to which it was sent */
    char *buffer;         /* the memory that http_buffer() returned */
    size_t buffer_size;
    char error[CURL_ERROR_SIZE];
};

struct http {
    struct http_options options;
    CURLM *multi;
    CURLSH *share;
    struct http_transfer *idle;
    struct http_transfer *all;
    size_t running; /* transfers that were started and have not ended */
    int *socket;    /* with quick_ack: the connections' */
    size_t sockets, sockets_size;
};

/* Begins; the options' strings must stay valid.  False after a message: libcurl could not be set
 * up. */
bool http_begin(struct http *http, const struct http_options *options);

/* A transfer with an empty body, set up with the options; everything else that was set on its
 * handle is as the service left it when it set `configured`.  NULL: no memory. */
struct http_transfer *http_take(struct http *http);

/* A transfer for a request to another server than the options' one: without their certificates,
 * proxy or time limits.  http_give() restores the settings of http_take(). NULL: no memory. */
struct http_transfer *http_take_plain(struct http *http);

/* Memory of at least `size` bytes that belongs to the transfer; the next call reuses it. */
char *http_buffer(struct http_transfer *transfer, size_t size);

/* Sends transfer->body, with the length known beforehand.  As a POST; a service that sends PUTs
 * sets CURLOPT_CUSTOMREQUEST. */
void http_send_body(struct http_transfer *transfer);

/* Uses `headers` from now on; the transfer owns the list. */
void http_set_headers(struct http_transfer *transfer, struct curl_slist *headers);

/* Overwrites the response's body, which contains a secret. */
void http_wipe_response(struct http_transfer *transfer);

/* Starts it.  done is called from a later http_run().  False: no memory, for the body either. */
bool http_start(struct http *http, struct http_transfer *transfer, http_done *done, void *context);

/* Gives it back, from within `done` or before it was started. */
void http_give(struct http *http, struct http_transfer *transfer);

/* Cancels the transfer without calling `done`, and gives it back. */
void http_cancel(struct http *http, struct http_transfer *transfer);

/* Moves the transfers on as far as possible without waiting, and calls `done` for those that have
 * ended. */
void http_run(struct http *http);

/* Waits until a transfer can go on, `input` can be read without waiting, `wake` is readable, or
 * `timeout` microseconds have passed.  A descriptor may be -1.  True: input can be read. */
bool http_wait(struct http *http, int input, int wake, int64_t timeout);

/* Cancels what is under way and frees everything. */
void http_end(struct http *http);

/* A header of the response; NULL if there is none of that name.  Valid until the transfer is given
 * back. */
const char *http_response_header(const struct http_response *response, const char *name);

#endif
