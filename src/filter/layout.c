#include "config.h"

#include "filter/layout.h"
#include "json/json_string.h"

static const struct span value_name[LAYOUT_VALUES] = {
    [VALUE_USER_ID] = SPAN_INIT("user_id"),
    [VALUE_RECIPE_ID] = SPAN_INIT("recipe_id"),
    [VALUE_JOB_ID] = SPAN_INIT("job_id"),
    [VALUE_FORMATTED_JOB_ID] = SPAN_INIT("formatted_job_id"),
    [VALUE_DATE] = SPAN_INIT("date"),
    [VALUE_DATETIME] = SPAN_INIT("datetime"),
    [VALUE_YEAR] = SPAN_INIT("year"),
    [VALUE_MONTH] = SPAN_INIT("month"),
    [VALUE_DAY] = SPAN_INIT("day"),
    [VALUE_HOUR] = SPAN_INIT("hour"),
    [VALUE_STATUS] = SPAN_INIT("status"),
    [VALUE_EVENT] = SPAN_INIT("event"),
    [VALUE_KIND] = SPAN_INIT("kind"),
    [VALUE_DIGEST] = SPAN_INIT("digest"),
};

struct span layout_value_name(enum layout_value value)
{
    return value_name[value];
}

/* A named layout: directories of jobs and of activities.  The file names are the same in all. */
static const struct named_layout {
    const char *name, *job, *activity;
} named[] = {
#define JOB_NAME(time)      "{user_id}-{recipe_id}-{job_id}-{" time "}-{status}.json"
#define ACTIVITY_NAME(time) "{user_id}-{event}-{" time "}-{digest}.json"
#define LAYOUT(name, job, activity)                                                                \
    {name, job JOB_NAME("datetime"), activity ACTIVITY_NAME("datetime")},                          \
    {                                                                                              \
        name, job JOB_NAME("date"), activity ACTIVITY_NAME("date")                                 \
    }
    LAYOUT("current", "{user_id}/jobs/{recipe_id}/{date}/{job_id}/", "{user_id}/activity/{date}/"),
    LAYOUT("legacy", "{user_id}/jobs/{recipe_id}/{date}/{formatted_job_id}/",
           "{user_id}/activity/{date}/"),
    LAYOUT("hive", "kind={kind}/user_id={user_id}/date={year}-{month}-{day}/",
           "kind={kind}/user_id={user_id}/date={year}-{month}-{day}/"),
};
enum { NAMED = sizeof named / sizeof *named };

/* Checks that a pattern with its placeholders filled in is a relative path without "." and "..":
 * values begin with a letter or digit, so only the literal text matters. */
static bool check_literals(const char *text, struct reason *reason)
{
    const char *start = text;
    for (const char *at = text;; at++) {
        if ((unsigned char)*at < 0x20 && *at != '\0')
            return reason_set(reason, "it has a control character");
        if (*at != '/' && *at != '\0')
            continue;
        struct span component = span_between(start, at);
        if (component.len == 0)
            return reason_set(reason, "a part between slashes is empty");
        if (span_equal(component, SPAN(".")) || span_equal(component, SPAN("..")))
            return reason_set(reason, "\".\" and \"..\" are not allowed between slashes");
        if (*at == '\0')
            return true;
        start = at + 1;
    }
}

static bool parse_pattern(struct layout_pattern *pattern, const char *text, struct reason *reason)
{
    for (size_t part = 0; part < LAYOUT_PARTS; part++) {
        const char *open = strchr(text, '{');
        size_t literal = open != NULL ? (size_t)(open - text) : strlen(text);
        pattern->part[part] = (struct layout_part){{text, literal}, LAYOUT_VALUES};
        if (memchr(text, '}', literal) != NULL)
            return reason_set(reason, "a '}' has no '{'");
        if (open == NULL)
            return true;
        const char *close = strchr(open, '}');
        if (close == NULL)
            return reason_set(reason, "a '{' has no '}'");
        struct span name = span_between(open + 1, close);
        enum layout_value value = 0;
        while (value < LAYOUT_VALUES && !span_equal(name, value_name[value]))
            value++;
        if (value == LAYOUT_VALUES)
            return reason_set(reason, "there is no placeholder {%.*s}",
                              (int)(name.len < 40 ? name.len : 40), name.at);
        pattern->part[part].value = value;
        text = close + 1;
    }
    return reason_set(reason, "it has more than %d placeholders", LAYOUT_PARTS - 1);
}

/* Whether a JSON string can represent the text. */
static bool is_utf8(struct span text)
{
    char buffer[2 * LAYOUT_PATH + 2];
    struct json json;
    buffer[0] = '"';
    size_t len = 1 + json_string_encode(&text, buffer + 1, sizeof buffer - 2);
    buffer[len++] = '"';
    json_begin(&json, buffer, len);
    return text.len == 0 && json_value(&json, NULL) && json_end(&json);
}

bool layout_parse(struct layout *layout, const char *text, bool name_date, struct reason *reason)
{
    for (size_t i = 0; i < NAMED; i += 2)
        if (strcmp(text, named[i].name) == 0) {
            const struct named_layout *n = &named[i + name_date];
            return parse_pattern(&layout->job, n->job, reason) &&
                   parse_pattern(&layout->activity, n->activity, reason);
        }
    if (strchr(text, '{') == NULL)
        return reason_set(reason, "not current, legacy, hive, or a pattern with placeholders");
    if (name_date)
        return reason_set(reason, "--name-date is for named layouts; a pattern says {date} itself");
    if (!is_utf8(span_of(text)))
        return reason_set(reason, "not UTF-8, or longer than %d bytes", LAYOUT_PATH);
    if (!check_literals(text, reason) || !parse_pattern(&layout->job, text, reason))
        return false;
    layout->activity = layout->job;
    return true;
}
