/* preset: what an HTTP log service requires, by name.
 *
 * From the vendors' documents: Datadog "Send logs" (v2), Splunk "HTTP Event Collector", Sumo Logic
 * "HTTP Logs and Metrics Source", Grafana Loki "HTTP API", New Relic "Log API", Elasticsearch "Bulk
 * API", Azure Monitor "Logs Ingestion API". */
#ifndef PRESET_H
#define PRESET_H

#include "post/auth.h"
#include "post/framing.h"

/* What decides whether a 2xx is delivery, and what an error means. */
enum response_style {
    RESPONSE_STATUS, /* the status alone */
    RESPONSE_SPLUNK, /* a code, and the number of the first invalid event */
    RESPONSE_LOKI,   /* the status; 260 means that the tenant is blocked */
    RESPONSE_BULK,   /* a status for each event */
};

struct preset {
    const char *name;
    enum framing framing;
    enum auth_kind auth;
    const char *auth_name;   /* of the header field */
    const char *auth_prefix; /* the text before the credential in it */
    const char *scope;       /* of an OAuth2 token */
    const char *content_type;
    enum response_style response;
    size_t batch_events;  /* events in a request, unless the user sets it */
    size_t batch_bytes;   /* bytes of a request before compression, unless the user sets it */
    size_t event_limit;   /* bytes of one event that the service accepts; 0: not known */
    size_t request_limit; /* bytes of one request; 0: not known */
    size_t string_limit;  /* bytes of one string in an event: a longer one is truncated; 0: no limit
                             is known */
    const char *time;     /* the member that the service takes as an event's time; NULL: none */
    const char *max_age;  /* how old an event it accepts unchanged, a duration; NULL: not known */
    size_t parallel;      /* requests at once, unless the user sets it */
};

/* The preset of that name; NULL if there is none. */
const struct preset *preset_find(const char *name);

/* The settings without a preset: any service that accepts JSON. */
extern const struct preset preset_none;

/* The names, ended by NULL: for --help and messages. */
extern const char *const preset_names[];

#endif
