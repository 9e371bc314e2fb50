#include "config.h"

#include "receive/answer.h"
#include "json/json_string.h"

#include <stdio.h>
#include <stdlib.h>

#define ITEM "{\"create\":{\"status\":201}}"

static struct MHD_Response *one_event; /* the most frequent one, shared by all */

/* Makes a response that owns the body, which is freed with it; NULL: no memory. */
static struct MHD_Response *make(char *body, size_t len)
{
    struct MHD_Response *response =
        body != NULL ? MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE) : NULL;
    if (response == NULL)
        free(body);
    else
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    return response;
}

static struct MHD_Response *make_plain(size_t events, enum answer_style style)
{
    char *body;
    int len =
        style == ANSWER_HEALTH
            ? asprintf(&body, "{\"status\":\"ok\"}\n")
            : asprintf(&body, "{%s\"events\":%zu}\n",
                       style == ANSWER_SPLUNK ? "\"text\":\"Success\",\"code\":0," : "", events);
    return make(len < 0 ? NULL : body, len < 0 ? 0 : (size_t)len);
}

/* An item for each event, in Elasticsearch's form. */
static struct MHD_Response *make_bulk(size_t events)
{
    static const char head[] = "{\"took\":0,\"errors\":false,\"items\":[", tail[] = "]}\n";
    size_t size = sizeof head + sizeof tail + events * sizeof ITEM;
    char *body = malloc(size), *to = body;
    if (body == NULL)
        return NULL;
    to = stpcpy(to, head);
    for (size_t i = 0; i < events; i++)
        to = stpcpy(to, i > 0 ? "," ITEM : ITEM);
    to = stpcpy(to, tail);
    return make(body, (size_t)(to - body));
}

static struct MHD_Response *make_error(const char *error)
{
    char text[2048];
    struct span span = span_of(error);
    text[json_string_encode(&span, text, sizeof text - 1)] = '\0';
    char *body;
    int len = asprintf(&body, "{\"error\":\"%s\"}\n", text);
    return make(len < 0 ? NULL : body, len < 0 ? 0 : (size_t)len);
}

bool answer_begin(void)
{
    one_event = make_plain(1, ANSWER_PLAIN);
    return one_event != NULL;
}

void answer_end(void)
{
    MHD_destroy_response(one_event);
}

/* The seconds after which a sender should try again; NULL: not stated. */
static const char *retry_after(unsigned status)
{
    return status == MHD_HTTP_TOO_MANY_REQUESTS     ? "1"
           : status == MHD_HTTP_SERVICE_UNAVAILABLE ? "5"
                                                    : NULL;
}

static void add_headers(struct MHD_Response *response, const struct answer *answer)
{
    const char *later = retry_after(answer->status);
    if (later != NULL)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, later);
    if (answer->challenge != NULL)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, answer->challenge);
    if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "POST, PUT");
    if (answer->status == MHD_HTTP_UNSUPPORTED_MEDIA_TYPE)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ACCEPT_ENCODING, "gzip");
    if (answer->close)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
}

enum MHD_Result answer_queue(struct MHD_Connection *connection, const struct answer *answer)
{
    if (answer->status == MHD_HTTP_OK && answer->events == 1 && answer->style == ANSWER_PLAIN &&
        !answer->close)
        return MHD_queue_response(connection, MHD_HTTP_OK, one_event);
    struct MHD_Response *response = answer->status != MHD_HTTP_OK ? make_error(answer->error)
                                    : answer->style == ANSWER_BULK
                                        ? make_bulk(answer->events)
                                        : make_plain(answer->events, answer->style);
    if (response == NULL)
        return MHD_NO;
    add_headers(response, answer);
    enum MHD_Result result = MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response);
    return result;
}
