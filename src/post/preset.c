#include "config.h"

#include "post/preset.h"

enum { MEBI = 1024 * 1024 };

const struct preset preset_none = {
    .name = "none",
    .framing = FRAMING_NONE,
    .content_type = "application/json",
    .batch_events = 1000,
    .batch_bytes = 1000000,
    .parallel = 8,
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
        .parallel = 8,
        .event_limit = 1000000, /* the service truncates a longer one and responds with a 2xx */
        .request_limit = 5000000,
        .time = "date",
        .max_age = "18h",
    },
    {
        .name = "splunk",
        .framing = FRAMING_CONCAT,
        .auth = AUTH_HEADER,
        .auth_name = "Authorization",
        .auth_prefix = "Splunk ",
        .content_type = "application/json",
        .response = RESPONSE_SPLUNK,
        .batch_events = 1000,
        .batch_bytes = 1000000,
        .parallel = 8,
        .request_limit = 838860800,
        .time = "time",
    },
    {
        .name = "sumologic",
        .framing = FRAMING_LINES,
        .content_type = "application/x-ndjson",
        .batch_events = 1000,
        .batch_bytes = 1000000,
        .parallel = 8,
        .request_limit = MEBI,
        .time = "timestamp",
        .max_age = "365d",
    },
    {
        .name = "loki",
        .framing = FRAMING_STREAMS,
        .content_type = "application/json",
        .response = RESPONSE_LOKI,
        .batch_events = 1000,
        .batch_bytes = 1000000,
        .parallel = 1,
        .max_age = "7d", /* reject_old_samples_max_age, Loki's default */
    },
    {
        .name = "newrelic",
        .framing = FRAMING_ARRAY,
        .auth = AUTH_HEADER,
        .auth_name = "Api-Key",
        .content_type = "application/json",
        .batch_events = 1000,
        .batch_bytes = 1000000,
        .parallel = 8,
        .request_limit = 1000000,
        .string_limit = 128 * 1024,
        .time = "timestamp",
        .max_age = "48h",
    },
    {
        .name = "elastic",
        .framing = FRAMING_BULK,
        .content_type = "application/x-ndjson",
        .response = RESPONSE_BULK,
        .batch_events = 1000,
        .batch_bytes = 1000000,
        .parallel = 8,
        .request_limit = 100 * MEBI,
        .time = "@timestamp",
    },
    {
        .name = "azure",
        .framing = FRAMING_ARRAY,
        .auth = AUTH_OAUTH2,
        .scope = "https://monitor.azure.com/.default",
        .content_type = "application/json",
        .batch_events = 1000,
        .batch_bytes = 1000000,
        .parallel = 8,
        .request_limit = MEBI,
        .string_limit = 64 * 1024,
        .time = "TimeGenerated",
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
