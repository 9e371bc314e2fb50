#include "config.h"

#include "base/environment.h"
#include "base/redact.h"
#include "base/secret.h"
#include "base/timestamp.h"
#include "deliver/url.h"
#include "s3/metadata.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { ATTEMPTS = 3, TIMEOUT = 1000, RESPONSE_MAX = 64 * 1024, TOKEN_MAX = 16 * 1024 };

#define CONTAINER_HOST   "http://169.254.170.2"
#define INSTANCE_HOST    "http://169.254.169.254"
#define TOKEN_PATH       "/latest/api/token"
#define TOKEN_LIFE       "X-aws-ec2-metadata-token-ttl-seconds: 21600"
#define CREDENTIALS_PATH "/latest/meta-data/iam/security-credentials/"

#define NO_MEMORY "there is not enough memory"

bool metadata_has_container(void)
{
    return environment_value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") != NULL ||
           environment_value("AWS_CONTAINER_CREDENTIALS_FULL_URI") != NULL;
}

bool metadata_may_ask_instance(struct reason *reason)
{
    const char *disabled = environment_value("AWS_EC2_METADATA_DISABLED");
    return disabled == NULL || strcasecmp(disabled, "true") != 0 ||
           reason_set(reason, "$AWS_EC2_METADATA_DISABLED is true");
}

/* What a step requests, for reasons: its URL without parts that may be secret. */
static const char *step_name(enum metadata_step step)
{
    switch (step) {
    case METADATA_CONTAINER:
        return "the container's credentials";
    case METADATA_TOKEN:
        return "the instance's metadata: " TOKEN_PATH;
    case METADATA_ROLE:
        return "the instance's metadata: " CREDENTIALS_PATH;
    default:
        return "the instance's credentials";
    }
}

void metadata_end(struct metadata *metadata)
{
    secret_free(metadata->url);
    secret_free(metadata->header);
    free(metadata->base);
    *metadata = (struct metadata){0};
}

/* Ends the requests, and passes on the result. */
static void finish(struct metadata *metadata, struct credentials *credentials,
                   const struct reason *reason)
{
    metadata_done *done = metadata->done;
    void *context = metadata->context;
    metadata_end(metadata);
    done(context, credentials, reason);
}

static void answered(void *context, struct http_transfer *transfer,
                     const struct http_response *response);

/* Starts an attempt of the step.  These addresses are the machine's own: no proxy is used.  False:
 * there is not enough memory. */
static bool ask(struct metadata *metadata)
{
    struct http_transfer *transfer = http_take_plain(metadata->http);
    struct curl_slist *headers = NULL;
    if (transfer == NULL)
        return false;
    if (metadata->header != NULL && (headers = curl_slist_append(NULL, metadata->header)) == NULL) {
        http_give(metadata->http, transfer);
        return false;
    }
    http_set_headers(transfer, headers);
    curl_easy_setopt(transfer->easy, CURLOPT_URL, metadata->url);
    curl_easy_setopt(transfer->easy, CURLOPT_CUSTOMREQUEST,
                     metadata->step == METADATA_TOKEN ? "PUT" : "GET");
    curl_easy_setopt(transfer->easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS, (long)TIMEOUT);
    metadata->attempts--;
    if (http_start(metadata->http, transfer, answered, metadata))
        return true;
    http_give(metadata->http, transfer);
    return false;
}

/* Begins a step, which takes over url and header.  False with a reason. */
static bool begin(struct metadata *metadata, enum metadata_step step, char *url, char *header,
                  unsigned attempts, struct reason *reason)
{
    secret_free(metadata->url);
    secret_free(metadata->header);
    metadata->url = url;
    metadata->header = header;
    metadata->step = step;
    metadata->attempts = attempts;
    return (url != NULL && ask(metadata)) || reason_set(reason, NO_MEMORY);
}

/* Concatenates two strings; NULL: no memory. */
static char *join(const char *first, const char *second)
{
    char *joined;
    return asprintf(&joined, "%s%s", first, second) < 0 ? NULL : joined;
}

static const char *member(const cJSON *document, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(document, name));
}

static void wipe(cJSON *document)
{
    for (cJSON *item = document != NULL ? document->child : NULL; item != NULL; item = item->next)
        if (item->valuestring != NULL)
            explicit_bzero(item->valuestring, strlen(item->valuestring));
    cJSON_Delete(document);
}

/* Reads {"AccessKeyId":…,"SecretAccessKey":…,"Token":…,"Expiration":…}. */
static bool read_document(struct credentials *credentials, struct span body, const char *where,
                          struct reason *reason)
{
    cJSON *document = cJSON_ParseWithLength(body.at, body.len);
    const char *code = member(document, "Code"), *expiration = member(document, "Expiration");
    struct timestamp expires;
    struct printable shown;
    bool set = false;
    if (document == NULL)
        reason_set(reason, "%s: the response is not JSON", where);
    else if (code != NULL && strcmp(code, "Success") != 0)
        reason_set(reason, "%s: the response's Code is %s", where,
                   diag_printable(span_of(code), &shown));
    else if (expiration != NULL && !timestamp_parse(span_of(expiration), &expires))
        reason_set(reason, "%s: the response's Expiration is not a time", where);
    else
        set = credentials_set(credentials, member(document, "AccessKeyId"),
                              member(document, "SecretAccessKey"), member(document, "Token"), where,
                              reason);
    if (set && expiration != NULL)
        credentials->expires = expires.seconds;
    wipe(document);
    return set;
}

static void take_credentials(struct metadata *metadata, struct span body,
                             enum credentials_source source)
{
    struct credentials found;
    struct reason reason = {""};
    bool read = read_document(&found, body, step_name(metadata->step), &reason);
    if (read)
        found.source = source;
    finish(metadata, read ? &found : NULL, &reason);
}

/* The response as a string of visible characters, which a header or a URL can contain; NULL: it is
 * not one. */
static char *take_word(struct span body)
{
    size_t len = 0;
    while (len < body.len && body.at[len] > 0x20 && body.at[len] < 0x7f)
        len++;
    bool line = len == body.len || body.at[len] == '\n' || body.at[len] == '\r';
    return len > 0 && len < TOKEN_MAX && line ? strndup(body.at, len) : NULL;
}

static void take_token(struct metadata *metadata, struct span body)
{
    struct reason reason;
    char *token = take_word(body);
    if (token == NULL) {
        reason_set(&reason, "%s: the response is not a token", step_name(METADATA_TOKEN));
        finish(metadata, NULL, &reason);
        return;
    }
    char *header = join("X-aws-ec2-metadata-token: ", token);
    secret_free(token);
    if (header == NULL)
        reason_set(&reason, NO_MEMORY);
    if (header == NULL ||
        !begin(metadata, METADATA_ROLE, join(metadata->base, CREDENTIALS_PATH), header, 1, &reason))
        finish(metadata, NULL, &reason);
}

static void take_role(struct metadata *metadata, struct span body)
{
    struct reason reason;
    char *role = take_word(body), *url = NULL;
    if (role == NULL) {
        reason_set(&reason, "the instance has no role");
        finish(metadata, NULL, &reason);
        return;
    }
    if (asprintf(&url, "%s%s%s", metadata->base, CREDENTIALS_PATH, role) < 0)
        url = NULL;
    free(role);
    char *header = metadata->header;
    metadata->header = NULL;
    if (!begin(metadata, METADATA_CREDENTIALS, url, header, 1, &reason))
        finish(metadata, NULL, &reason);
}

static void answered(void *context, struct http_transfer *transfer,
                     const struct http_response *response)
{
    struct metadata *metadata = context;
    struct reason reason;
    struct span body = response->body;
    if (response->code != CURLE_OK)
        reason_set(&reason, "%s: %s", step_name(metadata->step),
                   curl_easy_strerror(response->code));
    else if (response->status != 200)
        reason_set(&reason, "%s: status %ld", step_name(metadata->step), response->status);
    else if (body.len > RESPONSE_MAX)
        reason_set(&reason, "%s: the response is too long", step_name(metadata->step));
    else
        reason.text[0] = '\0';
    bool bad_moment = response->code != CURLE_OK || response->status >= 500;
    if (reason.text[0] != '\0') {
        http_give(metadata->http, transfer);
        if (!bad_moment || metadata->attempts == 0 || !ask(metadata))
            finish(metadata, NULL, &reason);
        return;
    }
    /* The transfer has the only copy of the response, and the next step uses the transfer again. */
    char *copy = malloc(body.len + 1);
    if (copy != NULL)
        memcpy(copy, body.at, body.len);
    if (transfer->response != NULL)
        explicit_bzero(transfer->response, transfer->response_size);
    http_give(metadata->http, transfer);
    if (copy == NULL) {
        reason_set(&reason, NO_MEMORY);
        finish(metadata, NULL, &reason);
        return;
    }
    struct span answer = {copy, body.len};
    switch (metadata->step) {
    case METADATA_TOKEN:
        take_token(metadata, answer);
        break;
    case METADATA_ROLE:
        take_role(metadata, answer);
        break;
    case METADATA_CONTAINER:
        take_credentials(metadata, answer, CREDENTIALS_CONTAINER);
        break;
    default:
        take_credentials(metadata, answer, CREDENTIALS_INSTANCE);
        break;
    }
    explicit_bzero(copy, body.len);
    free(copy);
}

/* Whether the authorization token may be sent to this URL: https, or http to the machine itself. */
static bool is_trusted(const char *text)
{
    static const char *const hosts[] = {"169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
    struct url url;
    if (!url_parse(&url, text))
        return false;
    bool trusted = url.https || url_is_loopback(&url);
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        trusted = trusted || strcasecmp(url.host, hosts[i]) == 0;
    url_free(&url);
    return trusted;
}

/* Reads the authorization token's file, which is renewed while we run. */
static bool read_token(const char *file, char token[TOKEN_MAX], struct reason *reason)
{
    FILE *stream = fopen(file, "re");
    if (stream == NULL)
        return reason_set(reason, "%.200s: %m", file);
    setvbuf(stream, NULL, _IONBF, 0);
    size_t len = fread(token, 1, TOKEN_MAX - 1, stream);
    bool whole = feof(stream) && !ferror(stream);
    fclose(stream);
    while (len > 0 && (token[len - 1] == '\n' || token[len - 1] == '\r'))
        len--;
    token[len] = '\0';
    return whole || reason_set(reason, "%.200s: it cannot be read as a token", file);
}

/* Whether the token can be a header's value. */
static bool is_token(const char *token)
{
    for (; *token != '\0'; token++)
        if ((unsigned char)*token < 0x20 || *token == 0x7f)
            return false;
    return true;
}

/* The Authorization header in *header, for secret_free(); NULL if none is needed.  False with a
 * reason. */
static bool authorization(char **header, struct reason *reason)
{
    const char *file = environment_value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *token = environment_value("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    char content[TOKEN_MAX];
    bool made = true;
    *header = NULL;
    if (file != NULL)
        made = read_token(file, content, reason);
    if (file != NULL && made)
        token = content;
    if (made && token != NULL && !is_token(token))
        made = reason_set(reason, "the container's authorization token has a line break or another "
                                  "control character");
    else if (made && token != NULL &&
             (!redact_add(span_of(token)) || (*header = join("Authorization: ", token)) == NULL))
        made = reason_set(reason, NO_MEMORY);
    explicit_bzero(content, sizeof content);
    return made;
}

bool metadata_ask_container(struct metadata *metadata, struct http *http, metadata_done *done,
                            void *context, struct reason *reason)
{
    const char *relative = environment_value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = environment_value("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    char *header = NULL;
    *metadata = (struct metadata){.http = http, .done = done, .context = context};
    char *url = relative != NULL ? join(CONTAINER_HOST, relative) : join(full, "");
    if (url == NULL)
        return reason_set(reason, NO_MEMORY);
    if (!is_trusted(url))
        reason_set(reason,
                   "$AWS_CONTAINER_CREDENTIALS_FULL_URI: neither https nor a host that the AWS "
                   "tools trust with http (loopback, 169.254.170.2, 169.254.170.23)");
    else if (authorization(&header, reason)) {
        if (begin(metadata, METADATA_CONTAINER, url, header, ATTEMPTS, reason))
            return true;
        metadata_end(metadata);
        return false;
    }
    secret_free(url);
    return false;
}

bool metadata_ask_instance(struct metadata *metadata, struct http *http, metadata_done *done,
                           void *context, struct reason *reason)
{
    const char *endpoint = environment_value("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    *metadata = (struct metadata){.http = http, .done = done, .context = context};
    metadata->base = strdup(endpoint != NULL ? endpoint : INSTANCE_HOST);
    if (metadata->base == NULL)
        return reason_set(reason, NO_MEMORY);
    for (size_t len = strlen(metadata->base); len > 0 && metadata->base[len - 1] == '/'; len--)
        metadata->base[len - 1] = '\0';
    char *header = strdup(TOKEN_LIFE);
    if (header != NULL &&
        begin(metadata, METADATA_TOKEN, join(metadata->base, TOKEN_PATH), header, 1, reason))
        return true;
    if (header == NULL)
        reason_set(reason, NO_MEMORY);
    metadata_end(metadata);
    return false;
}
