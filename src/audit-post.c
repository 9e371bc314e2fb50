/* audit-post: delivers events to an HTTP log service. */
#include "config.h"

#include "base/clock.h"
#include "base/secret.h"
#include "base/tool.h"
#include "deliver/deliver.h"
#include "deliver/header.h"
#include "deliver/sender.h"
#include "deliver/url.h"
#include "post/post.h"

struct settings {
    struct post post;
    struct http_options http;
    const char *url, *url_file;
    int preset; /* index in preset_names; -1: none */
    struct auth auth;
    bool has_auth; /* --auth was given */
    const char *credential_file;
    const char *token_url, *scope;
    int token_auth; /* 0: in the body, 1: basic */
    const char *content_type;
    int framing; /* an enum framing; -1: the preset's */
    int compression;
    struct curl_slist *headers;
    size_t batch_events, batch_bytes; /* 0: the preset's */
    const char *max_age;              /* NULL: the preset's */
    char *secret_url, *credential, *passphrase;
};

static bool parse_header(void *context, const char *value, struct reason *reason)
{
    struct settings *s = context;
    return header_add_argument(&s->headers, value, reason);
}

static bool parse_auth(void *context, const char *value, struct reason *reason)
{
    struct settings *s = context;
    s->has_auth = true;
    return auth_parse(value, &s->auth, reason);
}

static bool parse_content_type(void *context, const char *value, struct reason *reason)
{
    struct settings *s = context;
    s->content_type = value;
    return header_is_value(span_of(value)) ||
           reason_set(reason, "it contains a line break or control character");
}

/* Parses a duration, or "none", which is 0. */
static bool read_age(const char *text, int64_t *seconds)
{
    *seconds = 0;
    return strcmp(text, "none") == 0 || (options_duration(text, seconds) && *seconds > 0);
}

static bool parse_max_age(void *context, const char *value, struct reason *reason)
{
    struct settings *s = context;
    s->max_age = value;
    return read_age(value, &s->post.max_age) ||
           reason_set(reason, "not none or a duration; durations are like 18h or 7d");
}

static void set_age(struct settings *s)
{
    struct post *post = &s->post;
    const char *preset = post->preset->max_age;
    post->max_age_text = s->max_age;
    if (s->max_age != NULL || preset == NULL)
        return;
    post->max_age_text = preset;
    post->max_age_preset = true;
    read_age(preset, &post->max_age);
}

/* Sets preset, framing and limits. */
static void set_format(struct settings *s, bool dry_run)
{
    struct post *post = &s->post;
    const struct preset *preset =
        s->preset >= 0 ? preset_find(preset_names[s->preset]) : &preset_none;
    post->preset = preset;
    post->framing = s->framing >= 0 ? (enum framing)s->framing : preset->framing;
    post->gzip = s->compression == 1;
    post->dry_run = dry_run;
    post->content_type = s->content_type != NULL ? s->content_type : preset->content_type;
    post->event_limit = preset->event_limit;
    post->request_limit = s->batch_bytes > 0 ? s->batch_bytes : preset->request_limit;
    set_age(s);
    struct service *service = &post->service;
    service->batch_by_tag = post->framing == FRAMING_STREAMS;
    service->batch_bytes = s->batch_bytes > 0 ? s->batch_bytes : preset->batch_bytes;
    service->batch_events = s->batch_events > 0 ? s->batch_events : preset->batch_events;
    if (post->framing == FRAMING_NONE)
        service->batch_events = 1;
}

/* Sets the URL from the option, the file, or the environment. */
static bool set_url(struct settings *s)
{
    struct post *post = &s->post;
    struct url url;
    post->url = s->url;
    if (post->url == NULL) {
        if (!secret_read_text("URL", s->url_file, "AUDIT_POST_URL", &s->secret_url))
            return false;
        post->url = s->secret_url;
        post->url_secret = true;
    }
    if (post->url == NULL)
        return options_usage("no URL; give --url, --url-file or $AUDIT_POST_URL"), false;
    if (!url_parse(&url, post->url))
        return options_usage("the URL does not begin with http:// or https:// and a host"), false;
    bool on_command_line = !post->url_secret && url.user != NULL;
    if (on_command_line)
        options_usage("--url: a user or password does not belong on a command line; use "
                      "--auth=basic and --credential-file, or --url-file");
    url_free(&url);
    return !on_command_line;
}

static bool set_oauth2(struct settings *s)
{
    struct oauth2 *oauth2 = &s->post.oauth2;
    struct url url;
    oauth2->basic = s->token_auth == 1;
    oauth2->token_url = s->token_url;
    oauth2->scope = s->scope != NULL ? s->scope : s->post.preset->scope;
    if (oauth2->token_url == NULL)
        return options_usage("--auth=oauth2 needs --token-url"), false;
    bool fit = url_parse(&url, oauth2->token_url) && url.user == NULL;
    if (!fit)
        options_usage("--token-url: not a URL of http:// or https:// without a user");
    url_free(&url);
    return fit;
}

/* False after a usage error. */
static bool check_credential(const struct settings *s)
{
    const struct auth *auth = &s->post.auth;
    if (auth->kind == AUTH_NONE && s->credential_file != NULL)
        options_usage("--credential-file without a way to use it; give --auth");
    else if (auth->kind == AUTH_NONE && !s->has_auth && s->credential != NULL)
        options_usage("$AUDIT_POST_CREDENTIAL without a way to use it; give --auth, or --auth=none "
                      "to send without it");
    else if (auth->kind != AUTH_NONE && s->credential == NULL)
        options_usage("no credential; give --credential-file or $AUDIT_POST_CREDENTIAL");
    else if (auth->kind == AUTH_BASIC && strchr(auth->credential, ':') == NULL)
        options_usage("the credential for --auth=basic must be user:password");
    else
        return true;
    return false;
}

/* Sets the authentication: --auth, or else what the preset requires, and its credential. */
static bool set_auth(struct settings *s)
{
    struct auth *auth = &s->post.auth;
    const struct preset *preset = s->post.preset;
    *auth = (struct auth){preset->auth, preset->auth_name, preset->auth_prefix, NULL};
    if (s->has_auth)
        *auth = s->auth;
    if (!secret_read("credential", s->credential_file, "AUDIT_POST_CREDENTIAL", &s->credential))
        return false;
    auth->credential = s->credential;
    if (!check_credential(s))
        return false;
    return auth->kind != AUTH_OAUTH2 || set_oauth2(s);
}

static void warn_if_plain(const char *text)
{
    struct url url;
    if (url_parse(&url, text) && !url.https && !url_is_loopback(&url))
        diag_warn("the credential goes to %s without encryption; use an https:// URL", url.host);
    url_free(&url);
}

/* Warns if the credential is sent unencrypted. */
static void warn_of_plain(const struct post *post)
{
    if (post->dry_run || post->auth.kind == AUTH_NONE)
        return;
    warn_if_plain(post->url);
    if (post->auth.kind == AUTH_OAUTH2)
        warn_if_plain(post->oauth2.token_url);
}

static bool set_tls(struct settings *s)
{
    if (!secret_read("passphrase", NULL, "AUDIT_POST_KEY_PASSPHRASE", &s->passphrase))
        return false;
    s->http.key_passphrase = s->passphrase;
    return true;
}

static struct filter filter = FILTER;
static struct deliver_options deliver = DELIVER_OPTIONS;
static struct sender_options sending = SENDER_OPTIONS;
static struct settings settings = {
    .preset = -1,
    .framing = -1,
    .post.service.batch_wait = 200 * CLOCK_MS,
};

static void send_all(struct service *service, const struct http_options *http)
{
    static struct sender sender;
    if (!sender_begin(&sender, service, &sending, http))
        return;
    deliver_run(&filter, &sender.sink, &deliver);
    sender_end(&sender);
}

static int run(char **operand, size_t operands)
{
    struct settings *s = &settings;
    if (sending.dry_run && deliver.tee != LEDGER_TEE_NONE)
        return options_usage("--dry-run and --tee both write to standard output; give one");
    set_format(s, sending.dry_run);
    if (sending.parallel == 0)
        sending.parallel = s->post.preset->parallel;
    if (set_url(s) && set_auth(s) && set_tls(s)) {
        const struct retry_policy policy = sender_policy(&sending);
        s->post.headers = s->headers;
        warn_of_plain(&s->post);
        if (post_begin(&s->post, &policy) && filter_begin(&filter, operand, operands))
            send_all(&s->post.service, &s->http);
    }
    post_end(&s->post);
    header_free(s->headers);
    secret_free(s->secret_url);
    secret_free(s->credential);
    secret_free(s->passphrase);
    return filter_end(&filter);
}

static const char *const token_auth_names[] = {"body", "basic", NULL};
static const char *const compression_names[] = {"none", "gzip", NULL};

static const struct option_line options[] = {
    {.name = "url",
     .argument = "URL",
     .help = "where to send events",
     OPTION_TEXT(struct settings, url)},
    {.name = "url-file",
     .argument = "FILE",
     .help = "read the URL from FILE (else $AUDIT_POST_URL)",
     .exact = true,
     OPTION_TEXT(struct settings, url_file)},
    {.name = "preset",
     .argument = "NAME",
     .help = "the settings for this service",
     OPTION_CHOICE(struct settings, preset, preset_names)},
    {.name = "auth",
     .argument = "HOW",
     .help = "how the credential is used",
     .values = auth_names,
     OPTION_CALL(parse_auth)},
    {.name = "credential-file",
     .argument = "FILE",
     .help = "read the credential from FILE (else\n$AUDIT_POST_CREDENTIAL)",
     .exact = true,
     OPTION_TEXT(struct settings, credential_file)},
    {.name = "token-url",
     .argument = "URL",
     .help = "of the OAuth2 token endpoint",
     OPTION_TEXT(struct settings, token_url)},
    {.name = "token-auth",
     .argument = "HOW",
     .help = "name the client in the body (default) or by basic",
     OPTION_CHOICE(struct settings, token_auth, token_auth_names)},
    {.name = "scope",
     .argument = "SCOPE",
     .help = "of the OAuth2 token",
     OPTION_TEXT(struct settings, scope)},
    {.name = "cert",
     .argument = "FILE",
     .help = "the client's certificate, for mutual TLS",
     OPTION_TEXT(struct settings, http.cert)},
    {.name = "key",
     .argument = "FILE",
     .help = "its key (a passphrase: $AUDIT_POST_KEY_PASSPHRASE)",
     OPTION_TEXT(struct settings, http.key)},
    {.name = "header",
     .argument = "FIELD",
     .help = "send 'Name: value' too; @FILE: each line of FILE",
     .secret = true,
     OPTION_CALL(parse_header)},
    {.name = "content-type",
     .argument = "TYPE",
     .help = "of the body (default application/json)",
     OPTION_CALL(parse_content_type)},
    {.name = "batch",
     .argument = "HOW",
     .help = "how events are joined in one request",
     OPTION_CHOICE(struct settings, framing, framing_names)},
    {.name = "batch-events",
     .argument = "N",
     .help = "at most N events in a request (default 1000)",
     OPTION_COUNT(struct settings, batch_events, 1, 1000000)},
    {.name = "batch-bytes",
     .argument = "SIZE",
     .help = "at most SIZE in a request (default 1MB)",
     OPTION_SIZE(struct settings, batch_bytes, 1)},
    {.name = "batch-wait",
     .argument = "DURATION",
     .help = "send an event that has waited so long for others\n(default 200ms)",
     OPTION_INTERVAL(struct settings, post.service.batch_wait, 0)},
    {.name = "max-age",
     .argument = "DURATION",
     .help = "reject older events, or none (default: the preset's limit)",
     OPTION_CALL(parse_max_age)},
    {.name = "compress",
     .argument = "HOW",
     .help = "compress requests",
     OPTION_CHOICE(struct settings, compression, compression_names)},
    {.name = NULL},
};

static const struct tool tool = {
    .name = "audit-post",
    .operands = "[OPTION]... [FILE]...",
    .summary = "Deliver events to an HTTP log service, and lose none.",
    .options = {{options, &settings},
                {sender_options, &sending},
                {deliver_options, &deliver},
                {filter_options, &filter}},
    .run = run,
};

int main(int argc, char **argv)
{
    sending.parallel = 0; /* until the user or the preset sets it */
    return tool_main(&tool, argc, argv);
}
