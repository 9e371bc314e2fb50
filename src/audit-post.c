/* audit-post: delivers events to an HTTP log service. */
#include "config.h"

#include "base/secret.h"
#include "deliver/header.h"
#include "deliver/url.h"
#include "post/post.h"

#include <getopt.h>
#include <stdlib.h>

/* First the options whose argument is kept as it stands. */
enum {
    OPTION_URL = 256,
    OPTION_URL_FILE,
    OPTION_PRESET,
    OPTION_AUTH,
    OPTION_CREDENTIAL_FILE,
    OPTION_TOKEN_URL,
    OPTION_TOKEN_AUTH,
    OPTION_SCOPE,
    OPTION_CERT,
    OPTION_KEY,
    OPTION_CONTENT_TYPE,
    OPTION_BATCH,
    OPTION_COMPRESS,
    TEXT_OPTIONS_END,
    OPTION_HEADER = TEXT_OPTIONS_END,
    OPTION_BATCH_EVENTS,
    OPTION_BATCH_BYTES,
    OPTION_BATCH_WAIT,
};

static const struct option_line lines[] = {
    {OPTION_URL, "url", "URL", "where to send events"},
    {OPTION_URL_FILE, "url-file", "FILE", "read the URL from FILE (else $AUDIT_POST_URL)"},
    {OPTION_PRESET, "preset", "NAME",
     "what the service asks for: datadog, splunk, sumologic,\nloki, newrelic, elastic, azure"},
    {OPTION_AUTH, "auth", "HOW", "none, basic, bearer, header:NAME, query:NAME, oauth2"},
    {OPTION_CREDENTIAL_FILE, "credential-file", "FILE",
     "read the credential from FILE (else\n$AUDIT_POST_CREDENTIAL)"},
    {OPTION_TOKEN_URL, "token-url", "URL", "of the OAuth2 token endpoint"},
    {OPTION_TOKEN_AUTH, "token-auth", "HOW", "name the client in the body (default) or by basic"},
    {OPTION_SCOPE, "scope", "SCOPE", "of the OAuth2 token"},
    {OPTION_CERT, "cert", "FILE", "the client's certificate, for mutual TLS"},
    {OPTION_KEY, "key", "FILE", "its key (a passphrase: $AUDIT_POST_KEY_PASSPHRASE)"},
    {OPTION_HEADER, "header", "FIELD", "send 'Name: value' too; @FILE: each line of FILE"},
    {OPTION_CONTENT_TYPE, "content-type", "TYPE", "of the body (default application/json)"},
    {OPTION_BATCH, "batch", "HOW", "events in one request: none, array, lines, concat"},
    {OPTION_BATCH_EVENTS, "batch-events", "N", "at most N events in a request (default 1000)"},
    {OPTION_BATCH_BYTES, "batch-bytes", "SIZE", "at most SIZE in a request (default 1MB)"},
    {OPTION_BATCH_WAIT, "batch-wait", "DURATION",
     "send an event that has waited so long for others\n(default 200ms)"},
    {OPTION_COMPRESS, "compress", "HOW", "none or gzip"},
    {0, NULL, NULL, NULL},
};

static const struct program program = {
    .name = "audit-post",
    .operands = "[OPTION]... [FILE]...",
    .summary = "Deliver events to an HTTP log service, and lose none.",
    .line = lines,
    .also = deliver_options,
    .more = filter_options,
};

struct settings {
    struct deliver_options deliver;
    struct http_options http;
    struct post post;
    const char *text[TEXT_OPTIONS_END - OPTION_URL];
    struct curl_slist *headers;
    size_t batch_events, batch_bytes; /* 0: the preset's */
    char *url, *credential, *passphrase;
};

static const char *text(const struct settings *s, int id)
{
    return s->text[id - OPTION_URL];
}

static bool take_header(struct settings *s, const char *value)
{
    struct reason reason;
    if (header_add_argument(&s->headers, value, &reason))
        return true;
    options_usage("--header: %s", reason.text);
    return false;
}

static bool take_count(const char *value, size_t *count)
{
    enum { MOST = 1000000 };
    char *end;
    *count = strtoul(value, &end, 10);
    if (value[0] >= '0' && value[0] <= '9' && *end == '\0' && *count >= 1 && *count <= MOST)
        return true;
    options_usage("--batch-events=%s: not a number from 1 to %d", value, MOST);
    return false;
}

static bool take_bytes(const char *value, size_t *bytes)
{
    if (options_size(value, bytes) && *bytes > 0)
        return true;
    options_usage("--batch-bytes=%s: not a size; sizes are like 1MB or 512KiB", value);
    return false;
}

/* False: the program ends, with diag_exit_status(). */
static bool read_options(struct settings *s, struct filter *filter, int argc, char **argv)
{
    const char *value;
    int id;
    bool taken = true;
    while (taken && (id = options_next(&program, argc, argv, &value)) != OPTIONS_END) {
        if (id >= OPTION_URL && id < TEXT_OPTIONS_END)
            s->text[id - OPTION_URL] = value;
        else if (id == OPTION_HEADER)
            taken = take_header(s, value);
        else if (id == OPTION_BATCH_EVENTS)
            taken = take_count(value, &s->batch_events);
        else if (id == OPTION_BATCH_BYTES)
            taken = take_bytes(value, &s->batch_bytes);
        else if (id == OPTION_BATCH_WAIT)
            taken = deliver_interval("batch-wait", value, 0, &s->post.service.batch_wait);
        else
            taken = deliver_option(&s->deliver, filter, id, value);
    }
    return taken;
}

/* Preset, framing and limits. */
static bool set_format(struct settings *s)
{
    static const char *const framings[] = {"none", "array", "lines", "concat", NULL};
    static const char *const compressions[] = {"none", "gzip", NULL};
    struct post *post = &s->post;
    const char *name = text(s, OPTION_PRESET), *batch = text(s, OPTION_BATCH);
    const char *type = text(s, OPTION_CONTENT_TYPE), *compress = text(s, OPTION_COMPRESS);
    post->preset = name != NULL ? preset_find(name) : &preset_none;
    if (post->preset == NULL) {
        options_usage("--preset=%s: there is none of that name; there are %s", name, preset_names);
        return false;
    }
    int framing =
        batch != NULL ? options_choice("batch", batch, framings) : (int)post->preset->framing;
    int compression = compress != NULL ? options_choice("compress", compress, compressions) : 0;
    if (framing < 0 || compression < 0)
        return false;
    post->framing = (enum framing)framing;
    post->gzip = compression == 1;
    post->dry_run = s->deliver.dry_run;
    post->content_type = type != NULL ? type : post->preset->content_type;
    post->event_limit = post->preset->event_limit;
    post->request_limit = s->batch_bytes > 0 ? s->batch_bytes : post->preset->request_limit;
    struct service *service = &post->service;
    service->batch_bytes = s->batch_bytes > 0 ? s->batch_bytes : post->preset->batch_bytes;
    service->batch_events = s->batch_events > 0 ? s->batch_events : post->preset->batch_events;
    if (post->framing == FRAMING_NONE)
        service->batch_events = 1;
    if (header_is_value(span_of(post->content_type)))
        return true;
    options_usage("--content-type: a line break or control character in it");
    return false;
}

/* Where to: the option, the file, or the environment. */
static bool set_url(struct settings *s)
{
    struct post *post = &s->post;
    struct url url;
    post->url = text(s, OPTION_URL);
    if (post->url == NULL) {
        if (!secret_read("URL", text(s, OPTION_URL_FILE), "AUDIT_POST_URL", &s->url))
            return false;
        post->url = s->url;
        post->url_secret = true;
    }
    if (post->url == NULL)
        return options_usage("no URL; give --url, --url-file or $AUDIT_POST_URL"), false;
    if (!url_parse(&url, post->url))
        return options_usage("the URL is not one of http:// or https://"), false;
    bool on_command_line = !post->url_secret && url.user != NULL;
    if (on_command_line)
        options_usage("--url: a user or password does not belong on a command line; use "
                      "--auth=basic and --credential-file, or --url-file");
    url_free(&url);
    return !on_command_line;
}

static bool set_oauth2(struct settings *s)
{
    static const char *const hows[] = {"body", "basic", NULL};
    struct oauth2 *oauth2 = &s->post.oauth2;
    const char *how = text(s, OPTION_TOKEN_AUTH);
    int chosen = how != NULL ? options_choice("token-auth", how, hows) : 0;
    oauth2->basic = chosen == 1;
    oauth2->token_url = text(s, OPTION_TOKEN_URL);
    oauth2->scope = text(s, OPTION_SCOPE) != NULL ? text(s, OPTION_SCOPE) : s->post.preset->scope;
    if (chosen < 0)
        return false;
    if (oauth2->token_url == NULL)
        return options_usage("--auth=oauth2 needs --token-url"), false;
    struct url url;
    bool fit = url_parse(&url, oauth2->token_url) && url.user == NULL;
    if (!fit)
        options_usage("--token-url: not a URL of http:// or https:// without a user");
    url_free(&url);
    return fit;
}

/* Who we are: --auth, else what the preset asks for, and the credential for it. */
static bool set_auth(struct settings *s)
{
    struct auth *auth = &s->post.auth;
    const struct preset *preset = s->post.preset;
    const char *how = text(s, OPTION_AUTH);
    *auth = (struct auth){preset->auth, preset->auth_name, preset->auth_prefix, NULL};
    if (how != NULL && !auth_parse(how, auth)) {
        options_usage("--auth=%s: not none, basic, bearer, header:NAME, query:NAME or oauth2", how);
        return false;
    }
    if (!secret_read("credential", text(s, OPTION_CREDENTIAL_FILE), "AUDIT_POST_CREDENTIAL",
                     &s->credential))
        return false;
    auth->credential = s->credential;
    if (auth->kind == AUTH_NONE && text(s, OPTION_CREDENTIAL_FILE) != NULL) {
        options_usage("--credential-file without a way to use it; say --auth");
        return false;
    }
    if (auth->kind != AUTH_NONE && s->credential == NULL) {
        options_usage("no credential; give --credential-file or $AUDIT_POST_CREDENTIAL");
        return false;
    }
    return auth->kind != AUTH_OAUTH2 || set_oauth2(s);
}

static bool set_tls(struct settings *s)
{
    s->http.cert = text(s, OPTION_CERT);
    s->http.key = text(s, OPTION_KEY);
    if (!secret_read("passphrase", NULL, "AUDIT_POST_KEY_PASSPHRASE", &s->passphrase))
        return false;
    s->http.key_passphrase = s->passphrase;
    return true;
}

static bool check(const struct settings *s)
{
    if (s->deliver.dry_run && s->deliver.tee) {
        options_usage("--dry-run and --tee both write to standard output; give one");
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    static struct filter filter;
    static struct settings s = {.post.service.batch_wait = 200 * RETRY_MS};
    filter_init(&filter, program.name);
    deliver_options_init(&s.deliver);
    struct retry_policy policy;
    if (read_options(&s, &filter, argc, argv) && check(&s) && set_format(&s) && set_url(&s) &&
        set_auth(&s) && set_tls(&s)) {
        s.post.headers = s.headers;
        policy = deliver_policy(&s.deliver);
        if (post_begin(&s.post, &policy) &&
            filter_begin(&filter, argv + optind, (size_t)(argc - optind)))
            deliver_run(&filter, &s.post.service, &s.deliver, &s.http);
    }
    post_end(&s.post);
    header_free(s.headers);
    secret_free(s.url);
    secret_free(s.credential);
    secret_free(s.passphrase);
    return filter_end(&filter);
}
