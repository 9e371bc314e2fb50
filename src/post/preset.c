#include "config.h"

#include "post/preset.h"

enum { MEBI = 1024 * 1024 };

const struct preset preset_none = {
    .name = "none",
    .framing = FRAMING_NONE,
    .content_type = "application/json",
    .batch_events = 1000,
    .batch_bytes = 1000000,
};

static const struct preset presets[] = {
    {
        .name = "datadog",
        .framing = FRAMING_ARRAY,
        .auth = AUTH_HEADER,
        .auth_name = "DD-API-KEY",
        .content_type = "application/json",
        .batch_events = 1000,
        .batch_bytes = 1000000,
        .event_limit = 1000000, /* a longer one is cut, and answered with a 2xx */
        .request_limit = 5000000,
    },
    {
        .name = "splunk",
        .framing = FRAMING_CONCAT,
        .auth = AUTH_HEADER,
        .auth_name = "Authorization",
        .auth_prefix = "Splunk ",
        .content_type = "application/json",
        .reply = REPLY_SPLUNK,
        .batch_events = 1000,
        .batch_bytes = 1000000,
        .request_limit = 838860800,
    },
    {
        .name = "sumologic",
        .framing = FRAMING_LINES,
        .content_type = "application/x-ndjson",
        .batch_events = 1000,
        .batch_bytes = 1000000,
        .request_limit = MEBI,
    },
    {
        .name = "loki",
        .framing = FRAMING_STREAMS,
        .content_type = "application/json",
        .reply = REPLY_LOKI,
        .batch_events = 1000,
        .batch_bytes = 1000000,
    },
    {
        .name = "newrelic",
        .framing = FRAMING_ARRAY,
        .auth = AUTH_HEADER,
        .auth_name = "Api-Key",
        .content_type = "application/json",
        .batch_events = 1000,
        .batch_bytes = 1000000,
        .request_limit = 1000000,
    },
    {
        .name = "elastic",
        .framing = FRAMING_BULK,
        .content_type = "application/x-ndjson",
        .reply = REPLY_BULK,
        .batch_events = 1000,
        .batch_bytes = 1000000,
        .request_limit = 100 * MEBI,
    },
    {
        .name = "azure",
        .framing = FRAMING_ARRAY,
        .auth = AUTH_OAUTH2,
        .scope = "https://monitor.azure.com/.default",
        .content_type = "application/json",
        .batch_events = 1000,
        .batch_bytes = 1000000,
        .request_limit = MEBI,
    },
};

const char *const preset_names[] = {"datadog",  "splunk",  "sumologic", "loki",
                                    "newrelic", "elastic", "azure",     NULL};
_Static_assert(sizeof preset_names / sizeof *preset_names == sizeof presets / sizeof *presets + 1,
               "each preset has a name");

const struct preset *preset_find(const char *name)
{
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++)
        if (strcmp(presets[i].name, name) == 0)
            return &presets[i];
    return NULL;
}
