#include "config.h"

#include "base/secret.h"
#include "deliver/header.h"
#include "deliver/url.h"
#include "post/auth.h"

#include <stdlib.h>

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
        return header_is_name(span_of(auth->name));
    }
    auth->kind = AUTH_QUERY;
    auth->name = text + 6;
    return strncmp(text, "query:", 6) == 0 && header_is_name(span_of(auth->name));
}

static bool set_query(const struct auth *auth, const char *url, CURL *easy)
{
    char *whole = url_add_parameter(url, auth->name, auth->credential);
    bool set = whole != NULL && curl_easy_setopt(easy, CURLOPT_URL, whole) == CURLE_OK;
    secret_free(whole);
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
    secret_free(user);
    return set;
}

bool auth_apply(const struct auth *auth, const char *url, const char *token,
                struct http_transfer *transfer, struct curl_slist **headers)
{
    curl_easy_setopt(transfer->easy, CURLOPT_USERNAME, NULL);
    curl_easy_setopt(transfer->easy, CURLOPT_PASSWORD, NULL);
    if (auth->kind == AUTH_QUERY)
        return set_query(auth, url, transfer->easy);
    if (curl_easy_setopt(transfer->easy, CURLOPT_URL, url) != CURLE_OK)
        return false;
    switch (auth->kind) {
    case AUTH_BASIC:
        return set_basic(auth->credential, transfer->easy);
    case AUTH_BEARER:
        return header_add(headers, "Authorization", "Bearer ", auth->credential);
    case AUTH_HEADER:
        return header_add(headers, auth->name, auth->prefix, auth->credential);
    case AUTH_OAUTH2:
        return header_add(headers, "Authorization", "Bearer ", token);
    default:
        return true;
    }
}
