#include "config.h"

#include "base/clock.h"
#include "base/secret.h"
#include "deliver/sender.h"
#include "post/oauth2.h"
#include "post/token.h"

#include <stdio.h>
#include <stdlib.h>

/* The longest time before its expiry at which a token is renewed. */
#define MARGIN (60 * CLOCK_SECOND)

/* Overwrites and frees what libcurl allocated. */
static void wipe(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    curl_free(text);
}

/* Appends "name=value" in the form encoding (WHATWG URL, application/x-www-form-urlencoded). */
static bool add_field(char **form, const char *name, const char *value, size_t len)
{
    char *escaped = curl_easy_escape(NULL, value, (int)len);
    char *longer;
    int n = escaped == NULL ? -1
                            : asprintf(&longer, "%s%s%s=%s", *form != NULL ? *form : "",
                                       *form != NULL ? "&" : "", name, escaped);
    wipe(escaped);
    if (n < 0)
        return false;
    secret_free(*form);
    *form = longer;
    return true;
}

bool oauth2_begin(struct oauth2 *oauth2)
{
    const char *id = oauth2->credential, *colon = strchr(id, ':');
    if (colon == NULL || colon == id) {
        diag_fail("the credential for --auth=oauth2 must be client_id:client_secret");
        return false;
    }
    bool made = add_field(&oauth2->body, "grant_type", "client_credentials", 18);
    if (made && oauth2->scope != NULL)
        made = add_field(&oauth2->body, "scope", oauth2->scope, strlen(oauth2->scope));
    if (made && !oauth2->basic)
        made = add_field(&oauth2->body, "client_id", id, (size_t)(colon - id)) &&
               add_field(&oauth2->body, "client_secret", colon + 1, strlen(colon + 1));
    if (!made)
        diag_fail("no memory left");
    return made;
}

/* The client's name and secret for RFC 6749 section 2.3.1: form-encoded, then Basic. */
static bool set_basic(const struct oauth2 *oauth2, CURL *easy)
{
    const char *id = oauth2->credential, *colon = strchr(id, ':');
    char *user = curl_easy_escape(NULL, id, (int)(colon - id));
    char *password = curl_easy_escape(NULL, colon + 1, 0);
    /* An empty secret: curl_easy_escape() measures the string if the length is 0, which is right
     * here. */
    bool set = user != NULL && password != NULL &&
               curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_USERNAME, user) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_PASSWORD, password) == CURLE_OK;
    wipe(user);
    wipe(password);
    return set;
}

static void drop_token(struct oauth2 *oauth2)
{
    secret_free(oauth2->token);
    oauth2->token = NULL;
}

static void use_token(struct oauth2 *oauth2, const struct token *token, int64_t now)
{
    drop_token(oauth2);
    oauth2->token = token->text;
    oauth2->generation++;
    oauth2->renew_at = oauth2->expires_at = INT64_MAX;
    if (token->seconds > 0) {
        int64_t life = token->seconds * CLOCK_SECOND;
        oauth2->expires_at = now + life;
        oauth2->renew_at = oauth2->expires_at - (life / 5 < MARGIN ? life / 5 : MARGIN);
    }
    oauth2->failing = 0;
    oauth2->failures = 0;
}

/* The request for a token failed: decides whether and when to ask again. */
static void fail(struct oauth2 *oauth2, enum retry_kind kind, const char *why, int64_t now)
{
    if (oauth2->failing == 0)
        oauth2->failing = now;
    oauth2->failures++;
    bool hopeless = kind == RETRY_NOT || kind == RETRY_HOPELESS ||
                    now >= oauth2->failing + oauth2->policy.budget;
    if (hopeless)
        reason_set(&oauth2->hopeless, "no token from the token endpoint: %s", why);
    oauth2->try_at =
        now + retry_wait(&oauth2->policy, oauth2->failures, jitter_bits(&oauth2->sender->jitter));
}

static void answered(void *context, struct http_transfer *transfer,
                     const struct http_response *response)
{
    struct oauth2 *oauth2 = context;
    struct reason why;
    struct token token;
    int64_t now = clock_now();
    oauth2->asking = false;
    if (response->code != CURLE_OK) {
        why.text[0] = '\0';
        reason_append(&why, span_of(response->error));
        fail(oauth2, retry_transfer(response->code, oauth2->generation > 0), why.text, now);
    } else if (response->status != 200) {
        reason_set(&why, "it answered %ld", response->status);
        token_explain(response->body, &why);
        fail(oauth2, retry_status(response->status), why.text, now);
    } else if (token_read(response->body, &token)) {
        use_token(oauth2, &token, now);
    } else {
        fail(oauth2, RETRY_NOT, "its response has no access_token", now);
    }
    http_wipe_response(transfer);
    http_give(sender_http(oauth2->sender), transfer);
}

static void ask(struct oauth2 *oauth2, struct sender *sender)
{
    struct http *http = sender_http(sender);
    struct http_transfer *transfer = http_take(http);
    if (transfer == NULL) {
        reason_set(&oauth2->hopeless, "no memory left");
        return;
    }
    oauth2->sender = sender;
    transfer->configured = 0;
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
    curl_easy_setopt(transfer->easy, CURLOPT_URL, oauth2->token_url);
    curl_easy_setopt(transfer->easy, CURLOPT_USERNAME, NULL);
    curl_easy_setopt(transfer->easy, CURLOPT_PASSWORD, NULL);
    http_set_headers(transfer, headers);
    edit_add(&transfer->body, span_of(oauth2->body));
    http_send_body(transfer);
    if (headers == NULL || (oauth2->basic && !set_basic(oauth2, transfer->easy)) ||
        !http_start(http, transfer, answered, oauth2)) {
        reason_set(&oauth2->hopeless, "no memory left");
        http_give(http, transfer);
        return;
    }
    oauth2->asking = true;
}

enum readiness oauth2_ready(struct oauth2 *oauth2, struct sender *sender, int64_t now,
                            int64_t *wake_at, struct reason *reason)
{
    bool usable = oauth2->token != NULL && now < oauth2->expires_at;
    if (oauth2->hopeless.text[0] != '\0' && !usable) {
        *reason = oauth2->hopeless;
        return READY_NEVER;
    }
    bool wanted = !usable || now >= oauth2->renew_at;
    if (wanted && !oauth2->asking && now >= oauth2->try_at && oauth2->hopeless.text[0] == '\0')
        ask(oauth2, sender);
    if (wanted && !oauth2->asking && oauth2->try_at < *wake_at)
        *wake_at = oauth2->try_at;
    return usable ? READY_NOW : READY_LATER;
}

bool oauth2_refuse(struct oauth2 *oauth2, uint64_t generation)
{
    if (generation != oauth2->generation)
        return true;
    if (oauth2->token == NULL)
        return true;
    if (oauth2->refused)
        return false;
    oauth2->refused = true;
    drop_token(oauth2);
    return true;
}

void oauth2_accept(struct oauth2 *oauth2)
{
    oauth2->refused = false;
}

void oauth2_end(struct oauth2 *oauth2)
{
    drop_token(oauth2);
    secret_free(oauth2->body);
    oauth2->body = NULL;
}
