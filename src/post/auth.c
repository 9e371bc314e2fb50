#include "config.h"

#include "base/options.h"
#include "base/secret.h"
#include "deliver/header.h"
#include "deliver/url.h"
#include "post/auth.h"

#include <stdlib.h>

const char *const auth_names[] = {
    [AUTH_NONE] = "none",
    [AUTH_BASIC] = "basic",
    [AUTH_BEARER] = "bearer",
    [AUTH_HEADER] = "header:NAME",
    [AUTH_QUERY] = "query:NAME",
    [AUTH_OAUTH2] = "oauth2",
    NULL,
};

bool auth_parse(const char *text, struct auth *auth, struct reason *reason)
{
    auth->name = auth->prefix = NULL;
    for (int kind = 0; auth_names[kind] != NULL; kind++) {
        const char *colon = strchr(auth_names[kind], ':');
        size_t len = colon != NULL ? (size_t)(colon + 1 - auth_names[kind]) : 0;
        if (colon == NULL ? strcmp(text, auth_names[kind]) != 0
                          : strncmp(text, auth_names[kind], len) != 0)
            continue;
        auth->kind = (enum auth_kind)kind;
        auth->name = colon != NULL ? text + len : NULL;
        return colon == NULL || header_is_name(span_of(auth->name)) ||
               reason_set(reason, "NAME has letters, digits and '-', and at least one of them");
    }
    return options_choice(text, auth_names, reason) >= 0;
}

/* Sets the URL with the credential added as a parameter. */
static bool set_query(const struct auth *auth, const char *url, CURL *easy)
{
    char *whole = url_add_parameter(url, auth->name, auth->credential);
    bool set = whole != NULL && curl_easy_setopt(easy, CURLOPT_URL, whole) == CURLE_OK;
    secret_free(whole);
    return set;
}

/* Basic authentication takes what is before the first colon as the user. */
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
