/* url: the parts of an http or https URL (RFC 3986), parsed by libcurl.
 *
 * A URL may be a secret, so everything here is overwritten before it is freed. */
#ifndef URL_H
#define URL_H

#include <stdbool.h>
#include <stddef.h>

/* The parts are percent-encoded as in the text.  A part that the URL does not have is NULL. */
struct url {
    bool https;
    char *user, *password;
    char *host; /* as in the text; an IPv6 address keeps its brackets */
    char *port; /* NULL: the scheme's own */
    char *path; /* at least "/" */
    char *query;
    char *fragment;
};

/* Parses `text`; call url_free() afterwards.  False: it is not a URL of http or https, or there is
 * no memory; url is then empty. */
bool url_parse(struct url *url, const char *text);

/* Overwrites and frees the parts. */
void url_free(struct url *url);

/* Adds the URL's secrets to redact's: its password, user and password together, its query and the
 * query's values, and with `path` its path and the path's segments.  Parts so short that they would
 * match everywhere are left out.  False: no memory. */
bool url_add_secrets(const struct url *url, bool path);

/* The same for a proxy from the environment, which need not be a whole URL. */
bool url_add_proxy_secrets(const char *proxy);

/* Whether the host is this machine: localhost, a name below it, 127.0.0.0/8 or [::1]. */
bool url_is_loopback(const struct url *url);

/* A URL for messages: scheme, host, port, and with `path` the path too; user, password and query
 * are left out.  "the URL" if it cannot be parsed.  Writes to and returns buffer. */
const char *url_show(const char *text, bool path, char *buffer, size_t size);

/* The URL with "name=value" added to its query, value percent-encoded; the caller frees it with
 * secret_free().  NULL: it is not a URL, or there is no memory. */
char *url_add_parameter(const char *text, const char *name, const char *value);

#endif
