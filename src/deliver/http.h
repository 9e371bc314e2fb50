/* http: many HTTP transfers at once, through libcurl's multi interface, in one thread.
 *
 * A transfer is taken, its request is set up on its easy handle, it is started, and its `done` is
 * called from http_run() when the answer is there or the attempt has failed; then it is given back.
 * Handles, connections, TLS sessions and name look-ups are used again.  What is sent stays where it
 * is: libcurl takes it from the caller's spans.
 */
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
    bool quick_ack;             /* acknowledge what is received at once: a server that sends an
                                   answer in two segments then need not wait (Nagle) */
};

struct http_reply {
    CURLcode code;     /* CURLE_OK: an answer came; CURLE_UNSUPPORTED_PROTOCOL: the peer does not
                          speak HTTP, or not TLS where the URL asks for it */
    long status;       /* the HTTP status, 0 where none came */
    struct span body;  /* of the answer, or its first HTTP_REPLY_MAX bytes */
    bool cut;          /* it was longer */
    const char *error; /* what failed, in libcurl's words; "" for an answer */
    CURL *easy;        /* for curl_easy_getinfo() and http_reply_header() */
};

enum { HTTP_REPLY_MAX = 4 * 1024 * 1024 };

struct http;
struct http_transfer;

/* Takes bytes of an answer's body as they arrive, in place of the reply's body.  What it does not
 * want, such as the document of an error, becomes the reply's body. */
enum http_received { HTTP_TAKEN, HTTP_NOT_WANTED, HTTP_NO_MEMORY };
typedef enum http_received http_receive(void *context, struct http_transfer *transfer,
                                        struct span bytes);

typedef void http_done(void *context, struct http_transfer *transfer,
                       const struct http_reply *reply);

struct http_transfer {
    CURL *easy;
    struct edit body;           /* what is sent; the spans stay until `done` was called */
    void *own;                  /* the service's, who frees it; NULL at first */
    uint64_t configured;        /* the service's: which set-up the handle carries; 0 at first */
    struct curl_slist *headers; /* freed with the transfer, or when it is set up anew */
    http_receive *receive;      /* NULL: none; of one request: http_take() sets it to NULL */
    http_done *done;
    void *context;               /* of done and receive */
    struct http_transfer *next;  /* among the idle ones */
    struct http_transfer *other; /* among all */
    bool plain;                  /* http_take_plain()'s */
    char *answer;                /* the reply's body */
    size_t answer_len, answer_size;
    bool answer_cut;
    size_t piece, offset; /* how far the body was sent */
    char *buffer;         /* what http_buffer() gave */
    size_t buffer_size;
    char error[CURL_ERROR_SIZE];
};

struct http {
    struct http_options options;
    CURLM *multi;
    CURLSH *share;
    struct http_transfer *idle;
    struct http_transfer *all;
    size_t running; /* transfers that were started and are not done */
    int *socket;    /* with quick_ack: the connections' */
    size_t sockets, sockets_size;
};

/* Begins; the options' strings must stay.  False after a message: libcurl could not be set up. */
bool http_begin(struct http *http, const struct http_options *options);

/* A transfer with an empty body, set up with the options; whatever else was set on its handle is
 * as the service left it when `configured` said so.  NULL: no memory. */
struct http_transfer *http_take(struct http *http);

/* A transfer for a request to another server than the one that the options are about: no
 * certificates, proxy or time limits of theirs.  http_give() sets it up as http_take()'s again.
 * NULL: no memory. */
struct http_transfer *http_take_plain(struct http *http);

/* Memory of at least `size` bytes that belongs to the transfer, used again by the next call. */
char *http_buffer(struct http_transfer *transfer, size_t size);

/* Sets what is sent from transfer->body, with the length known beforehand.  As a POST; a service
 * that puts sets CURLOPT_CUSTOMREQUEST. */
void http_send_body(struct http_transfer *transfer);

/* Uses `headers` from now on; the transfer owns the list. */
void http_set_headers(struct http_transfer *transfer, struct curl_slist *headers);

/* Overwrites the answer's body, which holds a secret. */
void http_wipe_answer(struct http_transfer *transfer);

/* Starts it.  done is called from a later http_run().  False: no memory, for the body either. */
bool http_start(struct http *http, struct http_transfer *transfer, http_done *done, void *context);

/* Gives it back, from within `done` or unstarted. */
void http_give(struct http *http, struct http_transfer *transfer);

/* Breaks the transfer off, without `done`, and gives it back. */
void http_cancel(struct http *http, struct http_transfer *transfer);

/* Moves the transfers on as far as they go without waiting, and calls `done` for those that are. */
void http_run(struct http *http);

/* Waits until a transfer can go on, `input` can be read without waiting, `wake` is readable, or
 * `timeout` microseconds have passed.  A descriptor may be -1.  True: input can be read. */
bool http_wait(struct http *http, int input, int wake, int64_t timeout);

/* Breaks off what is under way and frees everything. */
void http_end(struct http *http);

/* A header of the answer, NULL if it has none of that name.  Stays until the transfer is given
 * back. */
const char *http_reply_header(const struct http_reply *reply, const char *name);

#endif
