/* values: values of command lines and events: sizes, durations, times, components.
 *
 * Input: a text.  Sizes and durations are compared with a parser that uses 128 bits; a time must be
 * in the text that is written for it, and reading that must give the same time. */
#include "config.h"

#include "base/diag.h"
#include "base/options.h"
#include "base/timestamp.h"
#include "filter/layout.h"
#include "fuzz.h"

typedef unsigned __int128 wide;

/* The digits at *at as a number; all numbers too large for 64 bits count as equal. */
static bool wide_number(const char **at, wide *number)
{
    const char *from = *at;
    for (*number = 0; **at >= '0' && **at <= '9'; ++*at)
        if (*number <= UINT64_MAX)
            *number = *number * 10 + (wide)(**at - '0');
    return *at > from;
}

static bool wide_size(const char *text, wide *size)
{
    static const struct {
        const char *suffix;
        wide unit;
    } units[] = {
        {"", 1},
        {"B", 1},
        {"k", 1 << 10},
        {"K", 1 << 10},
        {"M", 1 << 20},
        {"G", 1 << 30},
        {"T", (wide)1 << 40},
        {"kB", 1000},
        {"KB", 1000},
        {"MB", 1000000},
        {"GB", 1000000000},
        {"TB", 1000000000000},
        {"kiB", 1 << 10},
        {"KiB", 1 << 10},
        {"MiB", 1 << 20},
        {"GiB", 1 << 30},
        {"TiB", (wide)1 << 40},
    };
    if (!wide_number(&text, size))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(text, units[i].suffix) == 0) {
            *size *= units[i].unit;
            return *size <= SIZE_MAX;
        }
    return false;
}

static bool wide_duration(const char *text, wide *seconds)
{
    static const char letters[] = "smhd";
    static const unsigned unit[] = {1, 60, 3600, 86400};
    *seconds = 0;
    do {
        wide number;
        if (!wide_number(&text, &number) || *text == '\0' || strchr(letters, *text) == NULL)
            return false;
        *seconds += number * unit[strchr(letters, *text++) - letters];
        if (*seconds > INT64_MAX)
            return false;
    } while (*text != '\0');
    return true;
}

static void check_numbers(const char *text)
{
    wide expected;
    size_t size;
    int64_t seconds;
    bool good = options_size(text, &size);
    HOLDS(good == wide_size(text, &expected) && (!good || size == expected));
    good = options_duration(text, &seconds);
    HOLDS(good == wide_duration(text, &expected) && (!good || (wide)seconds == expected));
}

/* Writes a number in decimal, before `end`; returns its beginning. */
static char *put_wide(wide number, char *end)
{
    do
        *--end = (char)('0' + (int)(number % 10));
    while ((number /= 10) > 0);
    return end;
}

/* The digits of the text from there on, as a number. */
static int field(struct span text, size_t from, size_t count)
{
    int value = 0;
    for (size_t i = from; i < from + count; i++)
        value = value * 10 + (text.at[i] - '0');
    return value;
}

static void check_written(const struct timestamp *time)
{
    static const unsigned unit[] = {1000000000, 1000000, 1000, 1};
    char text[TIMESTAMP_TEXT], expected[64];
    struct timestamp again;
    size_t len = timestamp_rfc3339(time, text);
    HOLDS(len <= TIMESTAMP_TEXT && timestamp_parse((struct span){text, len}, &again));
    HOLDS(again.seconds == time->seconds && again.nanos == time->nanos / 1000000 * 1000000);
    HOLDS(again.offset == time->offset && !timestamp_is_before(time, &again));
    if (time->seconds < 0)
        return;
    for (int i = 0; i < 4; i++) {
        wide nanos = (wide)time->seconds * 1000000000 + (wide)time->nanos;
        char *end = expected + sizeof expected, *from = put_wide(nanos / unit[i], end);
        len = timestamp_epoch(time, 3 * i, 0, text);
        HOLDS(span_equal((struct span){text, len}, span_between(from, end)));
    }
}

static void check_time(struct span text)
{
    struct timestamp time;
    if (!timestamp_parse(text, &time))
        return;
    struct civil c = timestamp_civil(time.seconds, time.offset);
    int second = field(text, 17, 2);
    HOLDS(time.nanos >= 0 && time.nanos < 1000000000);
    HOLDS(time.offset > -86400 && time.offset < 86400);
    HOLDS(c.month >= 1 && c.month <= 12 && c.day >= 1 && c.day <= 31 && c.hour >= 0 &&
          c.hour <= 23);
    if (second < 60) {
        HOLDS(c.year == field(text, 0, 4) && c.month == field(text, 5, 2));
        HOLDS(c.day == field(text, 8, 2) && c.hour == field(text, 11, 2));
        HOLDS(c.minute == field(text, 14, 2) && c.second == second);
    } else {
        HOLDS(c.second == 0);
    }
    check_written(&time);
}

static void check_argument(const char *text)
{
    static const struct timestamp now = {1700000000, 250000000, 3600};
    struct timestamp time, read;
    int64_t ago;
    bool good = timestamp_argument(text, &now, &time);
    if (timestamp_parse(span_of(text), &read))
        HOLDS(good && time.seconds == read.seconds && time.nanos == read.nanos &&
              time.offset == read.offset);
    if (good && options_duration(text, &ago))
        HOLDS(time.seconds == now.seconds - ago && time.nanos == now.nanos);
    if (good)
        HOLDS(timestamp_civil(time.seconds, 0).year >= 1 &&
              timestamp_civil(time.seconds, 0).year <= 9999);
}

static void check_component(struct span text)
{
    static const char first[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    bool good = text.len > 0 && text.at[0] != '\0' && strchr(first, text.at[0]) != NULL;
    for (size_t i = 0; good && i < text.len; i++)
        good = text.at[i] != '\0' && (strchr(first, text.at[i]) || strchr("._-", text.at[i]));
    HOLDS(layout_is_component(text) == good);
}

static void check_printable(struct span text)
{
    struct printable shown;
    HOLDS(fuzz_is_tame(diag_printable(text, &shown)));
    HOLDS(strlen(shown.text) < sizeof shown.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = {(const char *)data, size};
    char *text = fuzz_string(bytes);
    check_numbers(text);
    check_argument(text);
    free(text);
    check_time(bytes);
    check_component(bytes);
    check_printable(bytes);
    return 0;
}
