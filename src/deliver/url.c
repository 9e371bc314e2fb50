#include "config.h"

#include "base/redact.h"
#include "base/secret.h"
#include "deliver/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static void wipe(char *part)
{
    if (part != NULL)
        explicit_bzero(part, strlen(part));
    curl_free(part);
}

static void get_part(CURLU *handle, CURLUPart what, char **part)
{
    if (curl_url_get(handle, what, part, 0) != CURLUE_OK)
        *part = NULL;
}

bool url_parse(struct url *url, const char *text)
{
    char *scheme = NULL;
    CURLU *handle = curl_url();
    *url = (struct url){0};
    bool valid = handle != NULL && curl_url_set(handle, CURLUPART_URL, text, 0) == CURLUE_OK;
    if (valid) {
        get_part(handle, CURLUPART_SCHEME, &scheme);
        get_part(handle, CURLUPART_USER, &url->user);
        get_part(handle, CURLUPART_PASSWORD, &url->password);
        get_part(handle, CURLUPART_HOST, &url->host);
        get_part(handle, CURLUPART_PORT, &url->port);
        get_part(handle, CURLUPART_PATH, &url->path);
        get_part(handle, CURLUPART_QUERY, &url->query);
        get_part(handle, CURLUPART_FRAGMENT, &url->fragment);
    }
    url->https = scheme != NULL && strcmp(scheme, "https") == 0;
    valid = valid && scheme != NULL && (url->https || strcmp(scheme, "http") == 0) &&
            url->host != NULL && url->path != NULL;
    curl_free(scheme);
    curl_url_cleanup(handle);
    if (!valid)
        url_free(url);
    return valid;
}

void url_free(struct url *url)
{
    wipe(url->user);
    wipe(url->password);
    wipe(url->host);
    wipe(url->port);
    wipe(url->path);
    wipe(url->query);
    wipe(url->fragment);
    *url = (struct url){0};
}

/* Adds the part, raw and decoded, to redact's secrets if it has `least` bytes. */
static bool add_part(struct span part, size_t least)
{
    int len;
    if (part.len < least)
        return true;
    char *decoded = curl_easy_unescape(NULL, part.at, (int)part.len, &len);
    bool added =
        decoded != NULL && redact_add(part) && redact_add((struct span){decoded, (size_t)len});
    wipe(decoded);
    return added;
}

/* Adds the parts of the text between the separators. */
static bool add_parts(const char *text, const char *separators, size_t least)
{
    for (size_t len; *text != '\0'; text += len) {
        text += strspn(text, separators);
        len = strcspn(text, separators);
        if (!add_part((struct span){text, len}, least))
            return false;
    }
    return true;
}

bool url_add_secrets(const struct url *url, bool path)
{
    enum { LEAST = 4, LEAST_VALUE = 6, LEAST_SEGMENT = 8 }; /* bytes */
    char *both = NULL;
    bool added = true;
    if (url->password != NULL && asprintf(&both, "%s:%s", url->user, url->password) < 0)
        return false;
    if (both != NULL)
        added = add_part(span_of(both), 1) && add_part(span_of(url->password), 1);
    secret_free(both);
    if (url->query != NULL)
        added = added && add_part(span_of(url->query), LEAST) &&
                add_parts(url->query, "&=", LEAST_VALUE);
    if (path)
        added = added && add_part(span_of(url->path + 1), LEAST) &&
                add_parts(url->path, "/", LEAST_SEGMENT);
    return added;
}

bool url_add_proxy_secrets(const char *proxy)
{
    const char *scheme = strstr(proxy, "://"), *from = scheme != NULL ? scheme + 3 : proxy;
    const char *end = strrchr(from, '@');
    if (end == NULL)
        return true;
    const char *colon = memchr(from, ':', (size_t)(end - from));
    return redact_add(span_between(from, end)) &&
           (colon == NULL || redact_add(span_between(colon + 1, end)));
}

bool url_is_loopback(const struct url *url)
{
    static const char name[] = "localhost";
    struct in_addr address;
    size_t len = strlen(url->host), tail = sizeof name - 1;
    if (inet_pton(AF_INET, url->host, &address) == 1)
        return ntohl(address.s_addr) >> 24 == 127;
    if (strcmp(url->host, "[::1]") == 0)
        return true;
    return len >= tail && strcasecmp(url->host + len - tail, name) == 0 &&
           (len == tail || url->host[len - tail - 1] == '.');
}

const char *url_show(const char *text, bool path, char *buffer, size_t size)
{
    struct url url;
    if (!url_parse(&url, text)) {
        snprintf(buffer, size, "the URL");
        return buffer;
    }
    snprintf(buffer, size, "%s://%s%s%s%s", url.https ? "https" : "http", url.host,
             url.port != NULL ? ":" : "", url.port != NULL ? url.port : "", path ? url.path : "");
    url_free(&url);
    return buffer;
}

char *url_add_parameter(const char *text, const char *name, const char *value)
{
    char *pair = NULL, *whole = NULL, *copy = NULL;
    CURLU *handle = curl_url();
    if (asprintf(&pair, "%s=%s", name, value) < 0)
        pair = NULL;
    if (handle != NULL && pair != NULL &&
        curl_url_set(handle, CURLUPART_URL, text, 0) == CURLUE_OK &&
        curl_url_set(handle, CURLUPART_QUERY, pair, CURLU_APPENDQUERY | CURLU_URLENCODE) ==
            CURLUE_OK &&
        curl_url_get(handle, CURLUPART_URL, &whole, 0) == CURLUE_OK)
        copy = strdup(whole);
    secret_free(pair);
    wipe(whole);
    curl_url_cleanup(handle);
    return copy;
}
