#include "config.h"

#include "base/timestamp.h"
#include "filter/path_date.h"

#include <stdio.h>

/* Removes and returns the path's first component; at == NULL at the end. */
static struct span next_component(struct span *path)
{
    if (path->len == 0)
        return (struct span){NULL, 0};
    const char *slash = memchr(path->at, '/', path->len);
    struct span component = slash != NULL ? span_between(path->at, slash) : *path;
    *path = slash != NULL ? span_between(slash + 1, span_end(*path))
                          : (struct span){span_end(*path), 0};
    return component;
}

/* Whether the bytes have the form, in which 'd' stands for a digit. */
static bool has_form(struct span bytes, const char *form)
{
    if (bytes.len != strlen(form))
        return false;
    for (size_t i = 0; i < bytes.len; i++)
        if (form[i] == 'd' ? bytes.at[i] < '0' || bytes.at[i] > '9' : bytes.at[i] != form[i])
            return false;
    return true;
}

/* Reads year, month and day from the digits at these offsets. */
static bool read_day(struct span bytes, int month_at, int day_at, int64_t *seconds)
{
    struct timestamp time;
    char text[sizeof "YYYY-MM-DDT00:00:00Z"];
    snprintf(text, sizeof text, "%.4s-%.2s-%.2sT00:00:00Z", bytes.at, bytes.at + month_at,
             bytes.at + day_at);
    if (!timestamp_parse(span_of(text), &time))
        return false;
    *seconds = time.seconds;
    return true;
}

bool path_date(struct span path, int64_t *seconds)
{
    struct span first = next_component(&path), second = next_component(&path);
    struct span third = next_component(&path), date = third;
    const struct span hive = SPAN("date=");
    if (first.len == 0 || second.len == 0 || third.len == 0)
        return false;
    if (third.len > hive.len && memcmp(third.at, hive.at, hive.len) == 0) {
        date = (struct span){third.at + hive.len, third.len - hive.len};
        return has_form(date, "dddd-dd-dd") && read_day(date, 5, 8, seconds);
    }
    if (span_equal(second, SPAN("jobs")))
        date = next_component(&path);
    else if (!span_equal(second, SPAN("activity")))
        return false;
    return has_form(date, "dddddddd") && read_day(date, 4, 6, seconds);
}
