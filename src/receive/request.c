#include "config.h"

#include "base/clock.h"
#include "receive/answer.h"
#include "receive/certificate.h"
#include "receive/request.h"
#include "receive/request_header.h"
#include "receive/unpack.h"

#include <stdlib.h>
#include <strings.h>

enum {
    READ_OVER = 1024 * 1024
}; /* bytes of a refused request's body that are read and discarded */

enum phase {
    PHASE_BODY,    /* the body arrives */
    PHASE_KEEPING, /* the events are being kept; the connection is suspended */
    PHASE_KEPT,    /* they were kept, or not */
    PHASE_ANSWERED,
};

struct request {
    struct receiver *receiver;
    struct MHD_Connection *connection;
    struct peer *peer;
    const char *method, *path; /* MHD's, which are valid until the request has completed */
    int64_t begun;             /* when its header was read: a steady clock, microseconds */
    enum phase phase;
    struct answer answer; /* status 0: no error so far */
    size_t read_over;     /* bytes of a refused body that may still be read */
    bool gzip;
    struct unpack unpack;
    struct buffer buffer;
    size_t bytes;      /* of the whole body, decompressed */
    size_t lines_size; /* bytes of the budget that the lines take */
    struct body body;
    struct commit_job job;
    struct reason reason;
};

/* Sets the response, unless one is set. */
static void refuse(struct request *request, unsigned status, const char *why)
{
    if (request->answer.status == 0) {
        request->answer.status = status;
        request->answer.error = why;
    }
}

static bool is_path(const struct receiver *receiver, const char *path)
{
    for (size_t i = 0; i < receiver->paths; i++)
        if (strcmp(path, receiver->path[i]) == 0)
            return true;
    return false;
}

static void check_credential(struct request *request, const struct request_header *header)
{
    static const char *const challenge[] = {
        [AUTH_CHECK_NONE] = NULL,
        [AUTH_CHECK_BASIC] = "Basic realm=\"audit-receive\", charset=\"UTF-8\"",
        [AUTH_CHECK_BEARER] = "Bearer realm=\"audit-receive\"",
        [AUTH_CHECK_HEADER] = NULL,
        [AUTH_CHECK_QUERY] = NULL,
    };
    static const char *const other_scheme[] = {
        [AUTH_CHECK_BASIC] = "Authorization must begin with Basic",
        [AUTH_CHECK_BEARER] = "Authorization must begin with Bearer",
    };
    struct receiver *receiver = request->receiver;
    enum auth_check_result result = AUTH_CHECK_INVALID;
    if (receiver->need_certificate && !certificate_is_valid(request->connection)) {
        refuse(request, MHD_HTTP_UNAUTHORIZED, "a valid client certificate is needed");
        return;
    }
    if (receiver->auth.kind == AUTH_CHECK_NONE)
        return;
    if (header->credentials == 1 && header->credential.at != NULL)
        result = auth_check_value(&receiver->auth, header->credential);
    if (result == AUTH_CHECK_VALID)
        return;
    refuse(request, MHD_HTTP_UNAUTHORIZED,
           header->credentials == 0            ? "a credential is needed"
           : result == AUTH_CHECK_OTHER_SCHEME ? other_scheme[receiver->auth.kind]
                                               : "the credential is not valid");
    request->answer.challenge = challenge[receiver->auth.kind];
}

static void check_encoding(struct request *request, const struct request_header *header)
{
    if (header->encoding == NULL || strcasecmp(header->encoding, "identity") == 0)
        return;
    request->gzip =
        strcasecmp(header->encoding, "gzip") == 0 || strcasecmp(header->encoding, "x-gzip") == 0;
    if (!request->gzip)
        refuse(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
               "the Content-Encoding is not supported; send gzip, or none");
}

static bool is_health(const struct request *request)
{
    return strcmp(request->path, "/healthz") == 0 &&
           (strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0);
}

/* All checks of the header; the cheapest come first. */
static void check_header(struct request *request, const struct request_header *header)
{
    struct receiver *receiver = request->receiver;
    if (header->ambiguous) {
        refuse(request, MHD_HTTP_BAD_REQUEST, "the header is malformed or ambiguous");
        request->answer.close = true;
        return;
    }
    if (header->size > receiver->max_header)
        refuse(request, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "the header is too large");
    if (is_health(request))
        return;
    if (!is_path(receiver, request->path))
        refuse(request, MHD_HTTP_NOT_FOUND, "events are not accepted at this path");
    if (strcmp(request->method, "POST") != 0 && strcmp(request->method, "PUT") != 0)
        refuse(request, MHD_HTTP_METHOD_NOT_ALLOWED, "events are sent by POST or PUT");
    check_credential(request, header);
    if (atomic_load(&receiver->stopping))
        refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "the receiver is stopping");
    if (request->answer.status == 0 && !rate_take(&receiver->rate, request->begun))
        refuse(request, MHD_HTTP_TOO_MANY_REQUESTS, "more requests a second than are allowed");
    check_encoding(request, header);
    if (header->length > receiver->max_body) {
        if (request->answer.status == 0)
            request->read_over = 2 * receiver->max_body;
        refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, "the body is too large");
    }
}

static enum MHD_Result send_answer(struct request *request)
{
    struct answer *answer = &request->answer;
    struct journal_entry entry = {
        .client = request->peer->address,
        .method = request->method,
        .path = request->path,
        .status = answer->status,
        .events = answer->events,
        .bytes = request->bytes,
        .microseconds = clock_now() - request->begun,
        .error = answer->status != MHD_HTTP_OK ? answer->error : NULL,
    };
    answer->close |= atomic_load(&request->receiver->stopping);
    request->phase = PHASE_ANSWERED;
    if (!is_health(request))
        journal_write(&request->receiver->journal, &entry);
    return answer_queue(request->connection, answer);
}

static enum MHD_Result send_health(struct request *request)
{
    struct receiver *receiver = request->receiver;
    bool stopping = atomic_load(&receiver->stopping);
    request->answer.status = MHD_HTTP_OK;
    request->answer.style = ANSWER_HEALTH;
    if (stopping || commit_is_failing(&receiver->commit)) {
        request->answer.status = MHD_HTTP_SERVICE_UNAVAILABLE;
        request->answer.error =
            stopping ? "the receiver is stopping" : "events cannot be kept at present";
    }
    return send_answer(request);
}

static struct peer *peer_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info != NULL ? info->socket_context : NULL;
}

/* Whether a refused request is answered at once, without its body, and the connection then closed:
 * if the sender waits for a response before it sends the body, or the body is too large to be
 * discarded. */
static bool answer_at_once(const struct request *request, const struct request_header *header)
{
    return request->answer.close || (header->expects && header->length + header->codings > 0) ||
           (header->codings == 0 && header->length > request->read_over);
}

static enum MHD_Result begin(struct receiver *receiver, struct MHD_Connection *connection,
                             const char *url, const char *method, const char *version, void **slot)
{
    struct request *request = malloc(sizeof *request);
    struct peer *peer = peer_of(connection);
    if (request == NULL || peer == NULL) {
        free(request);
        return MHD_NO;
    }
    *slot = request;
    peer->has_spoken = true;
    *request = (struct request){.receiver = receiver,
                                .connection = connection,
                                .peer = peer,
                                .method = method,
                                .path = url,
                                .begun = clock_now(),
                                .read_over = READ_OVER};
    atomic_fetch_add(&receiver->active, 1);
    atomic_store(&peer->since, request->begun);
    buffer_begin(&request->buffer, receiver->max_body, &receiver->budget);
    unpack_begin(&request->unpack);
    struct request_header header =
        request_header_read(connection, &receiver->auth, method, version);
    request->answer.style = header.splunk ? ANSWER_SPLUNK : ANSWER_PLAIN;
    check_header(request, &header);
    if (request->answer.status != 0)
        return answer_at_once(request, &header) ? send_answer(request) : MHD_YES;
    /* Reserves the memory for the whole body at once, up to a limit: a sender must send bytes to
     * get more. */
    enum { AT_ONCE = 64 * 1024 };
    if (header.length > 0 && !request->gzip)
        buffer_reserve(&request->buffer, header.length < AT_ONCE ? header.length : AT_ONCE);
    return MHD_YES;
}

static void drop_body(struct request *request)
{
    buffer_free(&request->buffer);
    unpack_free(&request->unpack);
}

/* Adds a part of the body.  False: the connection must be closed. */
static bool add(struct request *request, struct span part)
{
    atomic_fetch_add(&request->peer->body, part.len);
    if (request->answer.status != 0 || is_health(request)) {
        bool patient = part.len <= request->read_over;
        request->read_over -= patient ? part.len : 0;
        return patient;
    }
    int result = request->gzip ? (int)unpack_add(&request->unpack, part, &request->buffer)
                               : (int)buffer_append(&request->buffer, part);
    if (result == 0)
        return true;
    if (request->gzip && result == UNPACK_BAD) {
        refuse(request, MHD_HTTP_BAD_REQUEST, "the body is not gzip, as its header says");
    } else if (result == (request->gzip ? (int)UNPACK_TOO_LARGE : (int)BUFFER_TOO_LARGE)) {
        refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, "the body is too large");
        request->read_over = 2 * request->receiver->max_body;
    } else {
        refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "too many bodies are being received");
        request->read_over = request->receiver->max_body;
    }
    if (request->answer.status != MHD_HTTP_BAD_REQUEST)
        drop_body(request);
    return true;
}

/* Responds with a 400, unless the body should be kept and cannot be. */
static enum MHD_Result reject_body(struct request *request, const char *why)
{
    refuse(request, MHD_HTTP_BAD_REQUEST, why);
    if (!journal_reject(&request->receiver->journal, buffer_bytes(&request->buffer))) {
        request->answer.status = MHD_HTTP_SERVICE_UNAVAILABLE;
        request->answer.error = "a body that is wrong cannot be kept at present";
    }
    return send_answer(request);
}

/* Splits the body into lines.  False: the response is set. */
static bool split_body(struct request *request)
{
    struct receiver *receiver = request->receiver;
    size_t size = body_lines_most(request->buffer.len);
    enum body_result result = BODY_NO_MEMORY;
    if (budget_take(&receiver->budget, size)) {
        request->lines_size = size;
        result = body_split((enum body_form)receiver->form, buffer_bytes(&request->buffer),
                            &request->body, &request->reason);
    }
    if (result == BODY_GOOD) {
        if (request->body.form == BODY_BULK)
            request->answer.style = ANSWER_BULK;
        return true;
    }
    if (result == BODY_NO_MEMORY)
        refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "too many bodies are being received");
    return false;
}

/* The request of a job. */
static struct request *request_of(struct commit_job *job)
{
    return (struct request *)((char *)job - offsetof(struct request, job));
}

/* Called by the committing thread. */
static void kept(struct commit_job *job)
{
    struct request *request = request_of(job);
    request->phase = PHASE_KEPT;
    MHD_resume_connection(request->connection);
}

static enum MHD_Result send_outcome(struct request *request)
{
    switch (request->job.result) {
    case STORE_KEPT:
        request->answer.status = MHD_HTTP_OK;
        request->answer.events = request->body.events;
        break;
    case STORE_FULL:
        refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "the spool is full");
        break;
    default:
        refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "the events cannot be kept at present");
    }
    return send_answer(request);
}

static enum MHD_Result keep_events(struct request *request)
{
    struct commit *commit = &request->receiver->commit;
    request->job.lines = (struct span){request->body.lines, request->body.len};
    request->job.done = kept;
    request->job.result = STORE_KEPT;
    if (request->body.events == 0)
        return send_outcome(request);
    if (commit->sync == COMMIT_NONE && commit->store->directory != NULL) {
        commit_now(commit, &request->job);
        return send_outcome(request);
    }
    request->phase = PHASE_KEEPING;
    MHD_suspend_connection(request->connection);
    if (commit_add(commit, &request->job))
        return MHD_YES;
    request->job.result = STORE_FAILED;
    request->phase = PHASE_KEPT;
    MHD_resume_connection(request->connection);
    return MHD_YES;
}

/* Handles the complete body. */
static enum MHD_Result finish(struct request *request)
{
    atomic_store(&request->peer->since, -1);
    request->bytes = request->buffer.len;
    if (is_health(request) && request->answer.status == 0)
        return send_health(request);
    if (request->answer.status == MHD_HTTP_BAD_REQUEST && request->gzip)
        return reject_body(request, request->answer.error);
    if (request->answer.status != 0)
        return send_answer(request);
    if (request->gzip && !unpack_is_whole(&request->unpack))
        return reject_body(request, request->buffer.len == 0 && !request->unpack.open
                                        ? "the body is empty"
                                        : "the gzip data of the body is cut off");
    unpack_free(&request->unpack);
    if (!split_body(request))
        return request->answer.status != 0 ? send_answer(request)
                                           : reject_body(request, request->reason.text);
    buffer_free(&request->buffer);
    return keep_events(request);
}

enum MHD_Result request_handle(void *receiver, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *upload,
                               size_t *upload_size, void **slot)
{
    struct request *request = *slot;
    if (request == NULL)
        return begin(receiver, connection, url, method, version, slot);
    if (*upload_size > 0) {
        bool patient = add(request, (struct span){upload, *upload_size});
        *upload_size = 0;
        return patient ? MHD_YES : MHD_NO;
    }
    switch (request->phase) {
    case PHASE_BODY:
        return finish(request);
    case PHASE_KEPT:
        return send_outcome(request);
    default:
        return MHD_YES;
    }
}

void request_completed(void *context, struct MHD_Connection *connection, void **slot,
                       enum MHD_RequestTerminationCode code)
{
    struct receiver *receiver = context;
    struct request *request = *slot;
    (void)connection;
    (void)code;
    if (request == NULL)
        return;
    atomic_store(&request->peer->body, 0);
    atomic_store(&request->peer->since, clock_now());
    drop_body(request);
    budget_return(&receiver->budget, request->lines_size);
    free(request->body.lines);
    free(request);
    *slot = NULL;
    atomic_fetch_sub(&receiver->active, 1);
}
