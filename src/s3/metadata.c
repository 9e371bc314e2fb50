#include "config.h"

#include "base/timestamp.h"
#include "s3/metadata.h"

#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { ATTEMPTS = 3, TIMEOUT = 1000, ANSWER_MAX = 64 * 1024, TOKEN_MAX = 16 * 1024 };

#define CONTAINER_HOST   "http://169.254.170.2"
#define INSTANCE_HOST    "http://169.254.169.254"
#define TOKEN_SECONDS    "21600"
#define CREDENTIALS_PATH "/latest/meta-data/iam/security-credentials/"

struct answer {
    long status;
    size_t len;
    char body[ANSWER_MAX + 1];
};

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && *value != '\0' ? value : NULL;
}

static size_t take(char *data, size_t size, size_t count, void *context)
{
    struct answer *answer = context;
    size_t len = size * count;
    if (len > ANSWER_MAX - answer->len)
        return 0;
    memcpy(answer->body + answer->len, data, len);
    answer->len += len;
    return len;
}

/* One request, without a proxy: these addresses are the machine's own.  header may be NULL. */
static CURLcode request_once(const char *method, const char *url, const char *header,
                             struct answer *answer)
{
    CURL *easy = curl_easy_init();
    struct curl_slist *headers = header != NULL ? curl_slist_append(NULL, header) : NULL;
    CURLcode code = CURLE_OUT_OF_MEMORY;
    answer->len = 0;
    answer->status = 0;
    if (easy != NULL && (header == NULL || headers != NULL)) {
        curl_easy_setopt(easy, CURLOPT_URL, url);
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)TIMEOUT);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, answer);
        code = curl_easy_perform(easy);
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer->status);
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
    answer->body[answer->len] = '\0';
    return code;
}

/* Several attempts where the service has a bad moment.  False with a reason unless it is a 200. */
static bool request(const char *method, const char *url, const char *header, unsigned attempts,
                    struct answer *answer, struct reason *reason)
{
    CURLcode code;
    do {
        code = request_once(method, url, header, answer);
    } while (--attempts > 0 && (code != CURLE_OK || answer->status >= 500));
    if (code != CURLE_OK)
        return reason_set(reason, "%.200s: %s", url, curl_easy_strerror(code));
    if (answer->status != 200)
        return reason_set(reason, "%.200s: status %ld", url, answer->status);
    return true;
}

static const char *member(const cJSON *document, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(document, name));
}

/* Reads {"AccessKeyId":…,"SecretAccessKey":…,"Token":…,"Expiration":…}. */
static bool read_document(struct credentials *credentials, const struct answer *answer,
                          const char *where, struct reason *reason)
{
    cJSON *document = cJSON_ParseWithLength(answer->body, answer->len);
    const char *code = member(document, "Code"), *expiration = member(document, "Expiration");
    struct timestamp expires;
    struct printable shown;
    bool set = false;
    if (document == NULL)
        reason_set(reason, "%s: its answer is no JSON", where);
    else if (code != NULL && strcmp(code, "Success") != 0)
        reason_set(reason, "%s: it says %s", where, diag_printable(span_of(code), &shown));
    else if (expiration != NULL && !timestamp_parse(span_of(expiration), &expires))
        reason_set(reason, "%s: its Expiration is no time", where);
    else
        set = credentials_set(credentials, member(document, "AccessKeyId"),
                              member(document, "SecretAccessKey"), member(document, "Token"), where,
                              reason);
    if (set && expiration != NULL)
        credentials->expires = expires.seconds;
    cJSON_Delete(document);
    return set;
}

bool metadata_has_container(void)
{
    return variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") != NULL ||
           variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") != NULL;
}

/* Whether the token may go to this URL: https, or plain to the machine itself. */
static bool is_trusted(const char *url)
{
    static const char *const hosts[] = {"localhost", "169.254.170.2", "169.254.170.23",
                                        "[fd00:ec2::23]", "[::1]"};
    CURLU *parts = curl_url();
    char *scheme = NULL, *host = NULL;
    struct in_addr address;
    bool trusted = false;
    if (parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
        trusted = strcasecmp(scheme, "https") == 0;
        for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
            trusted = trusted || strcasecmp(host, hosts[i]) == 0;
        if (inet_pton(AF_INET, host, &address) == 1 && (ntohl(address.s_addr) >> 24) == 127)
            trusted = true;
    }
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(parts);
    return trusted;
}

/* Reads the authorization token's file, which is renewed while we run. */
static bool read_token(const char *file, char token[TOKEN_MAX], struct reason *reason)
{
    FILE *stream = fopen(file, "re");
    if (stream == NULL)
        return reason_set(reason, "%.200s: %m", file);
    size_t len = fread(token, 1, TOKEN_MAX - 1, stream);
    bool whole = feof(stream) && !ferror(stream);
    fclose(stream);
    while (len > 0 && (token[len - 1] == '\n' || token[len - 1] == '\r'))
        len--;
    token[len] = '\0';
    return whole || reason_set(reason, "%.200s: cannot be read as a token", file);
}

/* The Authorization header in *header, which is to be freed; NULL where none is wanted. */
static bool authorization(char **header, struct reason *reason)
{
    const char *file = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *token = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    char content[TOKEN_MAX];
    *header = NULL;
    if (file != NULL) {
        if (!read_token(file, content, reason))
            return false;
        token = content;
    }
    if (token == NULL)
        return true;
    for (const char *c = token; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return reason_set(reason, "the container's authorization token has a line break or "
                                      "another control character in it");
    return asprintf(header, "Authorization: %s", token) >= 0 || reason_set(reason, "no memory");
}

bool metadata_container(struct credentials *credentials, struct reason *reason)
{
    static struct answer answer;
    const char *relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    char *url = NULL, *header = NULL;
    bool found = false;
    int len = relative != NULL
                  ? asprintf(&url, "%s%s", CONTAINER_HOST, relative)
                  : asprintf(&url, "%s", variable("AWS_CONTAINER_CREDENTIALS_FULL_URI"));
    if (len < 0)
        return reason_set(reason, "no memory");
    if (!is_trusted(url))
        reason_set(reason,
                   "$AWS_CONTAINER_CREDENTIALS_FULL_URI: neither https nor a host that the AWS "
                   "tools trust with http (loopback, 169.254.170.2, 169.254.170.23)");
    else
        found = authorization(&header, reason) &&
                request("GET", url, header, ATTEMPTS, &answer, reason) &&
                read_document(credentials, &answer, "the container's credentials", reason);
    if (header != NULL)
        explicit_bzero(header, strlen(header));
    explicit_bzero(&answer, sizeof answer);
    free(header);
    free(url);
    credentials->source = CREDENTIALS_CONTAINER;
    return found;
}

/* Whether it can stand in a header or a URL. */
static bool is_word(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if (*c <= 0x20 || *c >= 0x7f)
            return false;
    return *text != '\0';
}

/* Asks for a path of the instance's metadata. */
static bool ask(const char *endpoint, const char *path, const char *role, const char *header,
                struct answer *answer, struct reason *reason)
{
    char url[2048];
    int len = snprintf(url, sizeof url, "%s%s%s", endpoint, path, role);
    if ((size_t)len >= sizeof url)
        return reason_set(reason, "$AWS_EC2_METADATA_SERVICE_ENDPOINT is too long");
    return request("GET", url, header, 1, answer, reason);
}

static bool ask_instance(struct credentials *credentials, const char *endpoint,
                         struct reason *reason)
{
    static struct answer answer;
    char url[2048], role[256], header[ANSWER_MAX + 64];
    snprintf(url, sizeof url, "%s/latest/api/token", endpoint);
    if (!request("PUT", url, "X-aws-ec2-metadata-token-ttl-seconds: " TOKEN_SECONDS, 1, &answer,
                 reason))
        return false;
    if (!is_word(answer.body))
        return reason_set(reason, "%.200s: its answer is no token", url);
    snprintf(header, sizeof header, "X-aws-ec2-metadata-token: %s", answer.body);
    if (!ask(endpoint, CREDENTIALS_PATH, "", header, &answer, reason))
        return false;
    answer.body[strcspn(answer.body, "\r\n")] = '\0';
    if (!is_word(answer.body) || strlen(answer.body) >= sizeof role)
        return reason_set(reason, "the instance has no role");
    strcpy(role, answer.body);
    bool found = ask(endpoint, CREDENTIALS_PATH, role, header, &answer, reason) &&
                 read_document(credentials, &answer, "the instance's credentials", reason);
    explicit_bzero(&answer, sizeof answer);
    return found;
}

bool metadata_instance(struct credentials *credentials, struct reason *reason)
{
    const char *disabled = variable("AWS_EC2_METADATA_DISABLED");
    const char *endpoint = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    if (disabled != NULL && strcasecmp(disabled, "true") == 0)
        return reason_set(reason, "$AWS_EC2_METADATA_DISABLED is true");
    char *base = strdup(endpoint != NULL ? endpoint : INSTANCE_HOST);
    if (base == NULL)
        return reason_set(reason, "no memory");
    for (size_t len = strlen(base); len > 0 && base[len - 1] == '/'; len--)
        base[len - 1] = '\0';
    bool found = ask_instance(credentials, base, reason);
    free(base);
    credentials->source = CREDENTIALS_INSTANCE;
    return found;
}
