#include "config.h"

#include "base/redact.h"
#include "deliver/gzip.h"
#include "deliver/header.h"
#include "deliver/url.h"
#include "post/limits.h"
#include "post/post.h"

#include <stdio.h>
#include <stdlib.h>

/* The service truncates longer strings silently. */
static bool check_strings(const struct post *post, struct span event, struct reason *reason)
{
    size_t most = post->preset->string_limit;
    if (most == 0 || event.len <= most)
        return true;
    size_t longest = limits_longest_string(event);
    return longest <= most ||
           reason_set(reason, "a string in the event has %zu bytes; %s takes at most %zu", longest,
                      post->preset->name, most);
}

static bool time_of(struct post *post, const struct record *record, struct timestamp *time)
{
    int64_t nanoseconds;
    if (post->framing != FRAMING_STREAMS)
        return limits_time(&post->json, record->event.text, post->preset->time, time);
    if (!streams_time(record->body, &nanoseconds))
        return false;
    *time = (struct timestamp){.seconds = nanoseconds / 1000000000};
    return true;
}

/* The service drops an older event, or gives it another time. */
static bool check_age(struct post *post, const struct record *record, struct reason *reason)
{
    struct timestamp time;
    char text[TIMESTAMP_TEXT];
    if (post->max_age == 0 || !time_of(post, record, &time) ||
        time.seconds >= timestamp_now().seconds - post->max_age)
        return true;
    text[timestamp_rfc3339(&time, text)] = '\0';
    if (post->max_age_preset)
        return reason_set(reason,
                          "the event is from %s; %s does not keep events older than %s as they are "
                          "(--max-age=none sends them anyway)",
                          text, post->preset->name, post->max_age_text);
    return reason_set(reason, "the event is from %s, which is older than --max-age=%s allows", text,
                      post->max_age_text);
}

static bool check_size(const struct post *post, const struct record *record, struct reason *reason)
{
    size_t whole = framing_overhead(post->framing) + record->size;
    if (post->event_limit > 0 && record->body.len > post->event_limit)
        return reason_set(reason, "the event has %zu bytes; %s takes at most %zu", record->body.len,
                          post->preset->name, post->event_limit);
    if (post->request_limit == 0 || whole <= post->request_limit)
        return true;
    if (post->request_limit != post->preset->request_limit)
        return reason_set(reason,
                          "the event makes a request of %zu bytes; at most %zu may be sent "
                          "(--batch-bytes)",
                          whole, post->request_limit);
    return reason_set(reason, "the event makes a request of %zu bytes; %s takes at most %zu", whole,
                      post->preset->name, post->request_limit);
}

static bool accept_line(void *context, struct record *record, struct reason *reason)
{
    struct post *post = context;
    return framing_accept(post->framing, &post->streams, &post->json, record, reason) &&
           check_size(post, record, reason) && check_strings(post, record->body, reason) &&
           check_age(post, record, reason);
}

static enum readiness is_ready(void *context, struct sender *sender, int64_t now, int64_t *wake_at,
                               struct reason *reason)
{
    struct post *post = context;
    return oauth2_ready(&post->oauth2, sender, now, wake_at, reason);
}

/* Sets what does not change from request to request: once, and again for a new token. */
static bool set_up(struct post *post, struct http_transfer *transfer)
{
    struct curl_slist *headers = NULL;
    bool set = header_add(&headers, "User-Agent", NULL, diag_program()) &&
               header_add(&headers, "Content-Type", NULL, post->content_type) &&
               (!post->gzip || header_add(&headers, "Content-Encoding", NULL, "gzip")) &&
               auth_apply(&post->auth, post->url, post->oauth2.token, transfer, &headers) &&
               header_add_all(&headers, post->headers);
    if (set)
        http_set_headers(transfer, headers);
    else
        header_free(headers);
    return set;
}

/* Replaces the body with the compressed body. */
static bool compress_body(struct http_transfer *transfer, char *to, size_t room)
{
    size_t len;
    if (!gzip_compress(&transfer->body, to, room, &len))
        return false;
    edit_clear(&transfer->body);
    edit_add(&transfer->body, (struct span){to, len});
    return !transfer->body.no_memory;
}

static bool prepare(void *context, struct request *request, struct judgement *judgement)
{
    struct post *post = context;
    judgement->meaning = MEANS_REJECTED;
    struct http_transfer *transfer = request->transfer;
    uint64_t generation =
        post->auth.kind == AUTH_OAUTH2 ? post->oauth2.generation : post->generation;
    size_t extra = framing_memory(post->framing, request->records.count);
    size_t size = framing_overhead(post->framing) + request->size;
    bool compress = post->gzip && !post->dry_run;
    size_t bound = compress ? gzip_bound(size) : 0;
    char *memory = extra + bound > 0 ? http_buffer(transfer, extra + bound) : NULL;
    if ((extra + bound > 0 && memory == NULL) ||
        (transfer->configured != generation && !set_up(post, transfer)))
        return reason_set(&judgement->reason, "no memory left");
    transfer->configured = generation;
    if (!framing_compose(post->framing, &post->streams, &request->records, memory,
                         &transfer->body) ||
        (compress && !compress_body(transfer, memory + extra, bound)))
        return reason_set(&judgement->reason, "the request could not be put together");
    http_send_body(transfer);
    return true;
}

static void judge(void *context, struct request *request, const struct http_response *response,
                  struct judgement *judgement)
{
    struct post *post = context;
    response_judge(post->preset->response, response, &post->json, judgement);
    if (post->auth.kind != AUTH_OAUTH2)
        return;
    if (response->status == 401 && oauth2_refuse(&post->oauth2, request->transfer->configured))
        judgement->meaning = MEANS_AGAIN;
    else if (judgement->meaning == MEANS_DELIVERED)
        oauth2_accept(&post->oauth2);
}

static void show_auth(const struct auth *auth, struct out *out)
{
    switch (auth->kind) {
    case AUTH_NONE:
        return;
    case AUTH_QUERY:
        out_write(out, SPAN("# the parameter "));
        out_write(out, span_of(auth->name));
        out_write(out, SPAN(" is not shown\n"));
        return;
    case AUTH_HEADER:
        out_write(out, span_of(auth->name));
        out_write(out, SPAN(": ***\n"));
        return;
    default:
        out_write(out, SPAN("Authorization: ***\n"));
    }
}

static bool show(void *context, const struct request *request, struct out *out)
{
    const struct post *post = context;
    out_write(out, SPAN("POST "));
    out_write(out, span_of(post->name));
    out_write(out, SPAN("\n"));
    show_auth(&post->auth, out);
    out_write(out, SPAN("Content-Type: "));
    out_write(out, span_of(post->content_type));
    out_write(out, post->gzip ? SPAN("\nContent-Encoding: gzip\n") : SPAN("\n"));
    for (const struct curl_slist *l = post->headers; l != NULL; l = l->next) {
        out_write(out, span_between(l->data, strchr(l->data, ':')));
        out_write(out, SPAN(": ***\n"));
    }
    out_write(out, SPAN("\n"));
    edit_write(&request->transfer->body, out);
    return out_write(out, SPAN("\n\n"));
}

/* Redaction knows the credential as a whole; this adds its second half as a secret of its own. */
static bool hide_password(const struct auth *auth)
{
    const char *colon = auth->credential != NULL ? strchr(auth->credential, ':') : NULL;
    bool pair = auth->kind == AUTH_BASIC || auth->kind == AUTH_OAUTH2;
    return !pair || colon == NULL || redact_add(span_of(colon + 1));
}

static bool hide_secrets(const struct post *post)
{
    struct url url;
    bool hidden = hide_password(&post->auth);
    if (url_parse(&url, post->url))
        hidden = hidden && url_add_secrets(&url, post->url_secret);
    url_free(&url);
    if (!hidden)
        diag_fail("no memory left");
    return hidden;
}

bool post_begin(struct post *post, const struct retry_policy *policy)
{
    bool oauth2 = post->auth.kind == AUTH_OAUTH2;
    url_show(post->url, !post->url_secret, post->name, sizeof post->name);
    post->generation = 1;
    post->service.context = post;
    post->service.accept = accept_line;
    post->service.ready = oauth2 ? is_ready : NULL;
    post->service.prepare = prepare;
    post->service.judge = judge;
    post->service.show = show;
    post->service.name = post->name;
    post->service.batch_overhead = framing_overhead(post->framing);
    post->oauth2.credential = post->auth.credential;
    post->oauth2.policy = *policy;
    return hide_secrets(post) && (!oauth2 || oauth2_begin(&post->oauth2));
}

void post_end(struct post *post)
{
    oauth2_end(&post->oauth2);
    streams_free(&post->streams);
}
