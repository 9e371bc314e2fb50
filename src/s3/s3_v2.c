/* Signature version 2: HMAC-SHA1 of method, date, some headers and the resource. */
#include "config.h"

#include "base/digest.h"
#include "s3/s3_signature.h"
#include "s3/s3_v2.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

/* --- Headers --- */

/* A parsed header. */
struct field {
    struct span name, value;
    size_t place; /* position in the request */
};

static struct field field_of(const char *header)
{
    const char *colon = strchr(header, ':');
    struct field field = {.name = span_between(header, colon != NULL ? colon : header)};
    const char *value = colon != NULL ? colon + 1 : header;
    field.value = span_of(value + strspn(value, " "));
    return field;
}

static bool is_named(const struct field *field, const char *name)
{
    return field->name.len == strlen(name) &&
           strncasecmp(field->name.at, name, field->name.len) == 0;
}

/* The value of the header; no bytes if it is missing. */
static struct span value_of(const struct curl_slist *headers, const char *name)
{
    for (; headers != NULL; headers = headers->next) {
        struct field field = field_of(headers->data);
        if (is_named(&field, name))
            return field.value;
    }
    return SPAN("");
}

static int compare_names(const struct field *a, const struct field *b)
{
    size_t len = a->name.len < b->name.len ? a->name.len : b->name.len;
    int order = strncasecmp(a->name.at, b->name.at, len);
    return order != 0 ? order : (a->name.len > b->name.len) - (a->name.len < b->name.len);
}

/* By name; headers of the same name keep their order. */
static int compare_fields(const void *left, const void *right)
{
    const struct field *a = left, *b = right;
    int order = compare_names(a, b);
    return order != 0 ? order : (a->place > b->place) - (a->place < b->place);
}

static void put(FILE *to, struct span text)
{
    fwrite(text.at, 1, text.len, to);
}

static void put_lower(FILE *to, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        fputc(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c, to);
    }
}

/* CanonicalizedAmzHeaders: in lower case, sorted, headers of the same name joined. */
static void put_amz_headers(FILE *to, const struct curl_slist *headers)
{
    enum { MOST = 32 };
    struct field field[MOST];
    size_t count = 0;
    for (; headers != NULL && count < MOST; headers = headers->next)
        if (strncasecmp(headers->data, "x-amz-", 6) == 0) {
            field[count] = field_of(headers->data);
            field[count].place = count;
            count++;
        }
    qsort(field, count, sizeof *field, compare_fields);
    for (size_t i = 0; i < count; i++) {
        bool joins = i > 0 && compare_names(&field[i - 1], &field[i]) == 0;
        if (joins) {
            fputc(',', to);
        } else {
            put_lower(to, field[i].name);
            fputc(':', to);
        }
        put(to, field[i].value);
        if (i + 1 == count || compare_names(&field[i], &field[i + 1]) != 0)
            fputc('\n', to);
    }
}

/* --- The resource --- */

/* Whether a parameter of the query is part of the resource. */
static bool is_subresource(struct span parameter)
{
    static const char *const names[] = {
        "acl",        "delete",    "lifecycle",      "location", "logging", "notification",
        "partNumber", "policy",    "requestPayment", "tagging",  "torrent", "uploadId",
        "uploads",    "versionId", "versioning",     "versions", "website",
    };
    const char *equals = memchr(parameter.at, '=', parameter.len);
    struct span name = {parameter.at,
                        equals != NULL ? (size_t)(equals - parameter.at) : parameter.len};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_equal(name, span_of(names[i])))
            return true;
    return false;
}

static int compare_parameters(const void *left, const void *right)
{
    const struct span *a = left, *b = right;
    size_t len = a->len < b->len ? a->len : b->len;
    int order = memcmp(a->at, b->at, len);
    return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

static void put_subresources(FILE *to, struct span query)
{
    enum { MOST = 16 };
    struct span parameter[MOST];
    size_t count = 0;
    for (const char *at = query.at, *end = span_end(query); at < end && count < MOST;) {
        const char *stop = memchr(at, '&', (size_t)(end - at));
        struct span one = span_between(at, stop != NULL ? stop : end);
        if (is_subresource(one))
            parameter[count++] = one;
        at = span_end(one) + 1;
    }
    qsort(parameter, count, sizeof *parameter, compare_parameters);
    for (size_t i = 0; i < count; i++) {
        fputc(i == 0 ? '?' : '&', to);
        put(to, parameter[i]);
    }
}

char *s3_v2_text(const struct s3_v2_request *request, size_t *len)
{
    char *text = NULL;
    FILE *to = open_memstream(&text, len);
    if (to == NULL)
        return NULL;
    bool has_amz_date = value_of(request->headers, "x-amz-date").len > 0;
    fprintf(to, "%s\n", request->method);
    put(to, value_of(request->headers, "Content-MD5"));
    fputc('\n', to);
    put(to, value_of(request->headers, "Content-Type"));
    fputc('\n', to);
    put(to, has_amz_date ? SPAN("") : value_of(request->headers, "Date"));
    fputc('\n', to);
    put_amz_headers(to, request->headers);
    if (request->bucket != NULL)
        fprintf(to, "/%s", request->bucket);
    put(to, request->path);
    put_subresources(to, request->query);
    if (fclose(to) == 0)
        return text;
    free(text);
    return NULL;
}

void s3_v2_sign(struct span text, const char *secret, char signature[S3_V2_SIGNATURE])
{
    unsigned char digest[DIGEST_HMAC_SIZE];
    digest_hmac_sha1(span_of(secret), text, digest);
    digest_base64(digest, DIGEST_HMAC_SIZE, signature);
}

/* --- The signature --- */

static void configure(const struct s3_signing *signing, CURL *easy)
{
    (void)signing, (void)easy;
}

/* The date in the form of RFC 9110, whatever the locale is. */
static bool write_date(char text[48])
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc) == NULL)
        return false;
    snprintf(text, 48, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT", days[utc.tm_wday % 7],
             utc.tm_mday, months[utc.tm_mon % 12], utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
             utc.tm_sec);
    return true;
}

/* Takes the path and the query from a URL that begins as the address says. */
static void take_url(const struct s3_address *address, const char *url,
                     struct s3_v2_request *request)
{
    const char *path = url + address->path_at, *query = strchr(path, '?');
    request->path = query != NULL ? span_between(path, query) : span_of(path);
    request->query = query != NULL ? span_of(query + 1) : SPAN("");
}

static bool sign(const struct s3_signing *signing, const struct s3_request *wanted, const char *url,
                 struct s3_headers *headers, struct curl_slist **list, struct reason *reason)
{
    const struct credentials *credentials = signing->credentials;
    char signature[S3_V2_SIGNATURE];
    size_t len;
    if (!write_date(headers->date_text))
        return reason_set(reason, "this machine's clock has no date");
    s3_headers_add(list, &headers->date, headers->date_text);
    if (credentials->secret_key == NULL) /* with --dry-run */
        return true;
    struct s3_v2_request request = {
        .method = s3_method_name(wanted->method),
        .bucket = signing->address->virtual_host ? signing->address->bucket : NULL,
        .headers = *list,
    };
    take_url(signing->address, url, &request);
    char *text = s3_v2_text(&request, &len);
    if (text == NULL)
        return reason_set(reason, "there is not enough memory");
    s3_v2_sign((struct span){text, len}, credentials->secret_key, signature);
    free(text);
    free(headers->authorization_text);
    headers->authorization_text = NULL;
    if (asprintf(&headers->authorization_text, "Authorization: AWS %s:%s", credentials->access_key,
                 signature) < 0) {
        headers->authorization_text = NULL;
        return reason_set(reason, "there is not enough memory");
    }
    s3_headers_add(list, &headers->authorization, headers->authorization_text);
    return true;
}

const struct s3_signature s3_v2 = {.configure = configure, .sign = sign};
