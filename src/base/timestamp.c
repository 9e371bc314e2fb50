#include "config.h"

#include "base/amount.h"
#include "base/environment.h"
#include "base/timestamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { DAY = 86400 };

/* The years 1 to 9999, in UTC: those with four digits. */
#define FIRST_SECOND (-62135596800)
#define LAST_SECOND  253402300799

/* Days from 1970-01-01 to the date, in the proleptic Gregorian calendar: whole eras of 400 years,
 * years that begin in March so that the leap day is the last. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

bool timestamp_has_year(int64_t seconds, int32_t offset)
{
    return seconds + offset >= FIRST_SECOND && seconds + offset <= LAST_SECOND;
}

struct civil timestamp_civil(int64_t seconds, int32_t offset)
{
    int64_t local = seconds + offset;
    int64_t day = (local >= 0 ? local : local - (DAY - 1)) / DAY;
    int second_of_day = (int)(local - day * DAY);
    day += 719468;
    int64_t era = (day >= 0 ? day : day - 146096) / 146097;
    int64_t doe = day - era * 146097;                                    /* day of era */
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365; /* year of era */
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100); /* day of the year from March */
    int shifted = (int)((5 * doy + 2) / 153);
    struct civil civil = {
        .month = shifted < 10 ? shifted + 3 : shifted - 9,
        .day = (int)(doy - (153 * shifted + 2) / 5 + 1),
        .hour = second_of_day / 3600,
        .minute = second_of_day / 60 % 60,
        .second = second_of_day % 60,
    };
    civil.year = yoe + era * 400 + (civil.month <= 2);
    return civil;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month != 2)
        return days[month - 1];
    return 28 + ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0);
}

enum {
    DATE_LEN = sizeof "YYYY-MM-DD" - 1,
    TIME_LEN = sizeof "YYYY-MM-DDThh:mm:ss" - 1,
};

/* The value of the two digits; *wrong is set if they are not digits. */
static inline int two_digits(const char *at, bool *wrong)
{
    unsigned tens = (unsigned char)at[0] - (unsigned)'0',
             ones = (unsigned char)at[1] - (unsigned)'0';
    *wrong |= tens > 9 || ones > 9;
    return (int)(10 * tens + ones);
}

/* Reads YYYY-MM-DD into days since 1970.  False: it is no date. */
static inline bool read_date(const char *at, int64_t *days)
{
    bool wrong = at[4] != '-' || at[7] != '-';
    int century = two_digits(at, &wrong), year = 100 * century + two_digits(at + 2, &wrong);
    int month = two_digits(at + 5, &wrong), day = two_digits(at + 8, &wrong);
    if (wrong || year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return false;
    *days = days_from_civil(year, month, day);
    return true;
}

/* A fraction of a second in nanoseconds; digits beyond the ninth are ignored.  NULL: no digit. */
static const char *read_fraction(const char *at, const char *end, int32_t *nanos)
{
    int32_t unit = 100000000;
    const char *first = at;
    for (*nanos = 0; at < end && *at >= '0' && *at <= '9'; at++, unit /= 10)
        *nanos += (*at - '0') * unit;
    return at > first ? at : NULL;
}

/* Parses the rest of the text as the zone: Z, UTC, or a sign with hours and minutes, after optional
 * spaces.  False: it is not one. */
static bool read_zone_text(const char *at, const char *end, int32_t *offset)
{
    while (at < end && *at == ' ')
        at++;
    size_t len = (size_t)(end - at);
    *offset = 0;
    if (len == 1)
        return *at == 'Z' || *at == 'z';
    if (len == 3 && memcmp(at, "UTC", 3) == 0)
        return true;
    bool colon = len == sizeof "+hh:mm" - 1;
    if (!colon && len != sizeof "+hhmm" - 1)
        return false;
    bool wrong = (*at != '+' && *at != '-') || (colon && at[3] != ':');
    int hours = two_digits(at + 1, &wrong), minutes = two_digits(at + 3 + colon, &wrong);
    *offset = (*at == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return !wrong && hours <= 23 && minutes <= 59;
}

bool timestamp_parse(struct span text, struct timestamp *time)
{
    const char *at = text.at, *end = span_end(text);
    int64_t days;
    if (text.len <= TIME_LEN || !read_date(at, &days))
        return false;
    bool wrong =
        (at[10] != 'T' && at[10] != 't' && at[10] != ' ') || at[13] != ':' || at[16] != ':';
    int hour = two_digits(at + 11, &wrong), minute = two_digits(at + 14, &wrong),
        second = two_digits(at + 17, &wrong);
    at += TIME_LEN;
    time->nanos = 0;
    if (*at == '.' && (at = read_fraction(at + 1, end, &time->nanos)) == NULL)
        return false;
    if (!read_zone_text(at, end, &time->offset))
        return false;
    time->seconds = days * DAY + hour * 3600 + minute * 60 + second - time->offset;
    return !wrong && hour <= 23 && minute <= 59 && second <= 60 && time->seconds >= FIRST_SECOND &&
           time->seconds <= LAST_SECOND;
}

bool timestamp_argument(const char *text, const struct timestamp *now, struct timestamp *time)
{
    int64_t ago;
    if (amount_duration(text, &ago)) {
        *time = *now;
        return !__builtin_sub_overflow(now->seconds, ago, &time->seconds) &&
               time->seconds >= FIRST_SECOND;
    }
    int64_t days;
    if (strlen(text) == DATE_LEN && read_date(text, &days)) {
        *time = (struct timestamp){.seconds = days * DAY};
        return true;
    }
    return timestamp_parse(span_of(text), time);
}

struct timestamp timestamp_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (struct timestamp){now.tv_sec, (int32_t)now.tv_nsec, timestamp_zone_offset(now.tv_sec)};
}

/* Writes a number in `width` digits; returns the position after it. */
static char *put(char *to, int64_t number, int width)
{
    for (int i = width - 1; i >= 0; i--, number /= 10)
        to[i] = (char)('0' + number % 10);
    return to + width;
}

size_t timestamp_rfc3339(const struct timestamp *time, char text[TIMESTAMP_TEXT])
{
    struct civil c = timestamp_civil(time->seconds, time->offset);
    int minutes = (time->offset < 0 ? -time->offset : time->offset) / 60;
    char *to = put(text, c.year, 4);
    *to++ = '-';
    to = put(to, c.month, 2);
    *to++ = '-';
    to = put(to, c.day, 2);
    *to++ = 'T';
    to = put(to, c.hour, 2);
    *to++ = ':';
    to = put(to, c.minute, 2);
    *to++ = ':';
    to = put(to, c.second, 2);
    *to++ = '.';
    to = put(to, time->nanos / 1000000, 3);
    *to++ = time->offset < 0 ? '-' : '+';
    to = put(to, minutes / 60, 2);
    *to++ = ':';
    to = put(to, minutes % 60, 2);
    return (size_t)(to - text);
}

size_t timestamp_epoch(const struct timestamp *time, int power, int fraction,
                       char text[TIMESTAMP_TEXT])
{
    char digit[TIMESTAMP_TEXT];
    int64_t seconds = time->seconds;
    int32_t nanos = time->nanos;
    char *to = text;
    if (seconds < 0) {
        *to++ = '-';
        seconds = -seconds - (nanos > 0);
        nanos = nanos > 0 ? 1000000000 - nanos : 0;
    }
    /* Writes all the digits, twelve of seconds and nine of nanoseconds; then inserts the point. */
    char *end = put(put(digit, seconds, 12), nanos, 9);
    const char *point = end - 9 + power, *from = digit;
    while (*from == '0' && from < point - 1)
        from++;
    size_t whole = (size_t)(point - from);
    memcpy(to, from, whole);
    to += whole;
    if (fraction > 0) {
        *to++ = '.';
        memcpy(to, point, (size_t)fraction);
        to += fraction;
    }
    return (size_t)(to - text);
}

enum { ZONE_FILE = 64 * 1024 }; /* bytes of the largest; in 2025 all have less than 4 KB */

/* Reads the file if it contains a zone (RFC 8536 section 3.1); the database has other files too. */
static bool read_zone_file(const char *name, char bytes[ZONE_FILE], size_t *len)
{
    static const char magic[] = "TZif";
    FILE *file = fopen(name, "re");
    if (file == NULL)
        return false;
    *len = fread(bytes, 1, ZONE_FILE, file);
    bool good = ferror(file) == 0;
    fclose(file);
    return good && *len > sizeof magic && memcmp(bytes, magic, sizeof magic - 1) == 0;
}

/* Makes the library read the zone in TZ, and checks that it did: it uses UTC for a zone that it
 * cannot read, without an error.  If it has read the zone's file, the names that it returns
 * ("CEST") are in this file. */
static bool read_zone(struct span file)
{
    const time_t times[] = {0, LAST_SECOND};
    tzset();
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct tm local;
        if (localtime_r(&times[i], &local) == NULL || local.tm_zone == NULL ||
            local.tm_zone[0] == '\0' ||
            memmem(file.at, file.len, local.tm_zone, strlen(local.tm_zone)) == NULL)
            return false;
    }
    return true;
}

static bool set_utc(void)
{
    if (setenv("TZ", "UTC0", 1) != 0)
        return false;
    tzset();
    return true;
}

bool timestamp_zone_set(const char *name)
{
    /* tzset(3) uses UTC for an unknown name, so the database is checked first. */
    const char *directory = environment_value("TZDIR");
    char file[4096], zone[4096], bytes[ZONE_FILE];
    size_t len;
    int n = snprintf(file, sizeof file, "%s/%s",
                     directory != NULL ? directory : "/usr/share/zoneinfo", name);
    /* UTC0 is a rule, which needs no file. */
    if (strcmp(name, "UTC") == 0)
        return set_utc();
    if (name[0] == '\0' || name[0] == '/' || strstr(name, "..") != NULL || n < 0 ||
        (size_t)n >= sizeof file || !read_zone_file(file, bytes, &len))
        return false;
    snprintf(zone, sizeof zone, ":%s", name);
    return setenv("TZ", zone, 1) == 0 && read_zone((struct span){bytes, len});
}

int32_t timestamp_zone_offset(int64_t seconds)
{
    time_t when = (time_t)seconds;
    struct tm local;
    return localtime_r(&when, &local) != NULL ? (int32_t)local.tm_gmtoff : 0;
}
