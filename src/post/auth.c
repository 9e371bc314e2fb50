#include "config.h"

#include "post/auth.h"

#include <stdio.h>
#include <stdlib.h>

bool auth_is_token(struct span name)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (size_t i = 0; i < name.len; i++)
        if (memchr(token, name.at[i], sizeof token - 1) == NULL)
            return false;
    return name.len > 0;
}

bool auth_parse(const char *text, struct auth *auth)
{
    static const struct {
        const char *name;
        enum auth_kind kind;
    } plain[] = {
        {"none", AUTH_NONE},
        {"basic", AUTH_BASIC},
        {"bearer", AUTH_BEARER},
        {"oauth2", AUTH_OAUTH2},
    };
    auth->name = auth->prefix = NULL;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (strcmp(text, plain[i].name) == 0) {
            auth->kind = plain[i].kind;
            return true;
        }
    if (strncmp(text, "header:", 7) == 0) {
        auth->kind = AUTH_HEADER;
        auth->name = text + 7;
        return auth_is_token(span_of(auth->name));
    }
    auth->kind = AUTH_QUERY;
    auth->name = text + 6;
    return strncmp(text, "query:", 6) == 0 && auth_is_token(span_of(auth->name));
}

bool auth_add_header(struct curl_slist **headers, const char *name, const char *prefix,
                     const char *value)
{
    char *line;
    if (asprintf(&line, "%s: %s%s", name, prefix != NULL ? prefix : "", value) < 0)
        return false;
    struct curl_slist *longer = curl_slist_append(*headers, line);
    explicit_bzero(line, strlen(line));
    free(line);
    if (longer == NULL)
        return false;
    *headers = longer;
    return true;
}

/* The URL with the credential as one more parameter. */
static bool set_query(const struct auth *auth, const char *url, struct http_transfer *transfer)
{
    char *pair = NULL, *whole = NULL;
    CURLU *parts = curl_url();
    bool set = parts != NULL && asprintf(&pair, "%s=%s", auth->name, auth->credential) >= 0 &&
               curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
               curl_url_set(parts, CURLUPART_QUERY, pair, CURLU_APPENDQUERY | CURLU_URLENCODE) ==
                   CURLUE_OK &&
               curl_url_get(parts, CURLUPART_URL, &whole, 0) == CURLUE_OK &&
               curl_easy_setopt(transfer->easy, CURLOPT_URL, whole) == CURLE_OK;
    if (pair != NULL)
        explicit_bzero(pair, strlen(pair));
    free(pair);
    curl_free(whole);
    curl_url_cleanup(parts);
    return set;
}

/* Basic authentication takes what stands before the first colon for the user. */
static bool set_basic(const char *credential, CURL *easy)
{
    const char *colon = strchr(credential, ':');
    char *user =
        colon != NULL ? strndup(credential, (size_t)(colon - credential)) : strdup(credential);
    bool set = user != NULL &&
               curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_USERNAME, user) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_PASSWORD, colon != NULL ? colon + 1 : "") == CURLE_OK;
    free(user);
    return set;
}

bool auth_apply(const struct auth *auth, const char *url, const char *token,
                struct http_transfer *transfer, struct curl_slist **headers)
{
    curl_easy_setopt(transfer->easy, CURLOPT_USERNAME, NULL);
    curl_easy_setopt(transfer->easy, CURLOPT_PASSWORD, NULL);
    if (auth->kind == AUTH_QUERY)
        return set_query(auth, url, transfer);
    if (curl_easy_setopt(transfer->easy, CURLOPT_URL, url) != CURLE_OK)
        return false;
    switch (auth->kind) {
    case AUTH_BASIC:
        return set_basic(auth->credential, transfer->easy);
    case AUTH_BEARER:
        return auth_add_header(headers, "Authorization", "Bearer ", auth->credential);
    case AUTH_HEADER:
        return auth_add_header(headers, auth->name, auth->prefix, auth->credential);
    case AUTH_OAUTH2:
        return auth_add_header(headers, "Authorization", "Bearer ", token);
    default:
        return true;
    }
}
