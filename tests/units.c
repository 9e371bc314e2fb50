/* units: checks of the library's small functions, for cases that no command line reaches.
 *
 * Prints each check that fails, and how many there were; status 1 if any failed. */
#include "config.h"

#include "base/diag.h"
#include "base/nearest.h"
#include "base/options.h"
#include "base/timestamp.h"
#include "check.h"
#include "event/catalogue.h"
#include "event/event.h"
#include "json/json_string.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void check_sizes(void)
{
    static const struct {
        const char *text;
        bool good;
        uint64_t bytes;
    } rows[] = {
        {"0", true, 0},
        {"1", true, 1},
        {"007", true, 7},
        {"40B", true, 40},
        {"1K", true, 1024},
        {"1k", true, 1024},
        {"1KB", true, 1000},
        {"1kB", true, 1000},
        {"1KiB", true, 1024},
        {"40MB", true, 40000000},
        {"40MiB", true, 41943040},
        {"40M", true, 41943040},
        {"2G", true, 2147483648},
        {"2GB", true, 2000000000},
        {"1T", true, 1099511627776},
        {"1TB", true, 1000000000000},
        {"18446744073709551615", true, UINT64_MAX},
        {"18446744073709551616", false, 0},
        {"16777216T", false, 0},
        {"16777215T", true, 18446742974197923840u},
        {"99999999999999999999999", false, 0},
        {"", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"-1", false, 0},
        {"+1", false, 0},
        {"M", false, 0},
        {"1.5M", false, 0},
        {"1 M", false, 0},
        {"1MBB", false, 0},
        {"1Mi", false, 0},
        {"1iB", false, 0},
        {"1mb", false, 0},
        {"1P", false, 0},
        {"0x10", false, 0},
        {"many", false, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t bytes = 0;
        bool good = options_size(rows[i].text, &bytes);
        check_of(good == rows[i].good && (!good || bytes == rows[i].bytes), "options_size",
                 rows[i].text);
    }
}

static void check_distances(void)
{
    static const struct {
        const char *a, *b;
        size_t limit, distance;
    } rows[] = {
        {"", "", 3, 0},
        {"", "abc", 3, 3},
        {"gzip", "gzip", 3, 0},
        {"gzp", "gzip", 3, 1},
        {"gizp", "gzip", 3, 1},
        {"gzips", "gzip", 3, 1},
        {"bzip", "gzip", 3, 1},
        {"GZIP", "gzip", 3, 0},
        {"recipe_stoped", "recipe_stopped", 4, 1},
        {"recipe-stopped", "recipe_stopped", 4, 0},
        {"kitten", "sitting", 7, 3},
        {"kitten", "sitting", 2, 3},
        {"ca", "abc", 3, 3},
        {"0123456789012345678901234567890123456789012345678901234567890123", "", 9, 10},
        {"01234567890123456789012345678901234567890123456789012345678901234", "0", 9, 10},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct span a = span_of(rows[i].a), b = span_of(rows[i].b);
        check_of(nearest_distance(a, b, rows[i].limit) == rows[i].distance &&
                     nearest_distance(b, a, rows[i].limit) == rows[i].distance,
                 "nearest_distance", rows[i].a);
    }
}

static void check_nearest(void)
{
    static const char *const names[] = {
        "recipe_started", "recipe_stopped", "recipe_starred", "recipe_stopper",
        "succeeded",      "gzip",           "none",           NULL};
    static const struct {
        const char *wanted, *message;
    } rows[] = {
        {"gzp", "did you mean 'gzip'?"},
        {"GZIP", "did you mean 'gzip'?"},
        {"succeded", "did you mean 'succeeded'?"},
        {"recipe_stoped", "did you mean 'recipe_stopped', 'recipe_stopper' or 'recipe_started'?"},
        {"brotli", ""},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct nearest nearest;
        char message[NEAREST_MESSAGE];
        nearest_begin(&nearest, span_of(rows[i].wanted));
        nearest_offer_all(&nearest, names);
        check_of(strcmp(nearest_message(&nearest, message), rows[i].message) == 0,
                 "nearest_message", rows[i].wanted);
    }
}

static void check_durations(void)
{
    static const struct {
        const char *text;
        bool good;
        int64_t seconds;
    } rows[] = {
        {"0s", true, 0},
        {"45s", true, 45},
        {"30m", true, 1800},
        {"12h", true, 43200},
        {"7d", true, 604800},
        {"1d12h", true, 129600},
        {"1h2m3s", true, 3723},
        {"3s1h", true, 3603},
        {"9223372036854775807s", true, INT64_MAX},
        {"9223372036854775808s", false, 0},
        {"106751991167300d", true, 9223372036854720000},
        {"106751991167301d", false, 0},
        {"9223372036854775807s1s", false, 0},
        {"", false, 0},
        {"7", false, 0},
        {"d", false, 0},
        {"7d5", false, 0},
        {"-7d", false, 0},
        {"7 d", false, 0},
        {"7x", false, 0},
        {"7D", false, 0},
        {"1.5h", false, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t seconds = 0;
        bool good = options_duration(rows[i].text, &seconds);
        check_of(good == rows[i].good && (!good || seconds == rows[i].seconds), "options_duration",
                 rows[i].text);
    }
}

static const struct time_row {
    const char *text;
    struct timestamp time;
} times[] = {
    {"2022-10-19T22:30:46-07:00", {1666243846, 0, -25200}},
    {"2020-05-02 02:39:22 UTC", {1588387162, 0, 0}},
    {"2020-05-02 02:39:22UTC", {1588387162, 0, 0}},
    {"2019-11-24 14:29:30 -0800", {1574634570, 0, -28800}},
    {"2023-06-02T01:30:01.002-04:00", {1685683801, 2000000, -14400}},
    {"2024-03-11T17:02:31.123456789+05:30", {1710156751, 123456789, 19800}},
    {"2024-03-11T17:02:31.1234567899+0530", {1710156751, 123456789, 19800}},
    {"2024-03-11T17:02:31.5+05:30", {1710156751, 500000000, 19800}},
    {"2024-02-29T00:00:00Z", {1709164800, 0, 0}},
    {"2024-02-29t00:00:00z", {1709164800, 0, 0}},
    {"2000-02-29T12:00:00Z", {951825600, 0, 0}},
    {"1970-01-01T00:00:00Z", {0, 0, 0}},
    {"1970-01-01T00:00:00-00:00", {0, 0, 0}},
    {"1969-12-31T23:59:59.999Z", {-1, 999000000, 0}},
    {"2016-12-31T23:59:60Z", {1483228800, 0, 0}},
    {"0001-01-01T00:00:00Z", {-62135596800, 0, 0}},
    {"9999-12-31T23:59:59Z", {253402300799, 0, 0}},
    {"9999-12-31T23:59:59+14:00", {253402250399, 0, 50400}},
};

static const char *const no_times[] = {
    "",
    " ",
    "now",
    "2022-10-19",
    "2022-10-19T22:30:46",
    "2022-10-19 22:30:46",
    "2022-10-19T22:30-07:00",
    "2022-10-19T22:30:46-07",
    "2022-10-19T22:30:46-7:00",
    "2022-10-19T22:30:46 PST",
    "2022-10-19T22:30:46.Z",
    "2022-10-19T22:30:46,5Z",
    "2022-10-19T22:30:46Zx",
    "2022-10-19T22:30:46Z ",
    " 2022-10-19T22:30:46Z",
    "2022-10-19_22:30:46Z",
    "2022/10/19 22:30:46 UTC",
    "20221019T223046Z",
    "22-10-19T22:30:46Z",
    "2022-1-19T22:30:46Z",
    "2022-13-19T22:30:46Z",
    "2022-00-19T22:30:46Z",
    "2022-10-00T22:30:46Z",
    "2022-10-32T22:30:46Z",
    "2022-04-31T22:30:46Z",
    "2023-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2022-10-19T24:00:00Z",
    "2022-10-19T25:30:46Z",
    "2022-10-19T22:60:46Z",
    "2022-10-19T22:30:61Z",
    "2022-10-19T22:30:46+24:00",
    "2022-10-19T22:30:46+05:60",
    "2022-10-19T-2:30:46Z",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
    "+2022-10-19T22:30:46Z",
    "2022-10-19T22:30:46\xe2\x88\x92"
    "07:00",
};

static bool same_time(const struct timestamp *a, const struct timestamp *b)
{
    return a->seconds == b->seconds && a->nanos == b->nanos && a->offset == b->offset;
}

/* The text in memory of exactly its size, so that a sanitizer sees a read past the end. */
static bool parse_exactly(const char *text, struct timestamp *time)
{
    size_t len = strlen(text);
    char *copy = malloc(len > 0 ? len : 1);
    if (copy == NULL)
        return false;
    memcpy(copy, text, len);
    bool good = timestamp_parse((struct span){copy, len}, time);
    free(copy);
    return good;
}

static void check_times(void)
{
    struct timestamp time;
    for (size_t i = 0; i < COUNT(times); i++)
        check_of(parse_exactly(times[i].text, &time) && same_time(&time, &times[i].time),
                 "timestamp_parse", times[i].text);
    for (size_t i = 0; i < COUNT(no_times); i++)
        check_of(!parse_exactly(no_times[i], &time), "timestamp_parse", no_times[i]);
}

static void check_time_arguments(void)
{
    static const struct timestamp now = {1700000000, 250000000, 3600};
    static const struct {
        const char *text;
        bool good;
        int64_t seconds;
    } rows[] = {
        {"0s", true, 1700000000},
        {"7d", true, 1700000000 - 604800},
        {"1h30m", true, 1700000000 - 5400},
        {"2023-06-15", true, 1686787200},
        {"0001-01-01", true, -62135596800},
        {"2023-06-15T00:00:00+02:00", true, 1686787200 - 7200},
        {"2023-06-15 00:00:00 UTC", true, 1686787200},
        {"9223372036854775807s", false, 0},
        {"1000000d", false, 0}, /* before the year 1 */
        {"2023-06-31", false, 0},
        {"2023-06", false, 0},
        {"yesterday", false, 0},
        {"", false, 0},
        {"1700000000", false, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct timestamp time = {0, 0, 0};
        bool good = timestamp_argument(rows[i].text, &now, &time);
        check_of(good == rows[i].good && (!good || time.seconds == rows[i].seconds),
                 "timestamp_argument", rows[i].text);
    }
}

static void check_rfc3339(void)
{
    static const struct {
        const char *text;
        struct timestamp time;
    } rows[] = {
        {"2023-06-02T01:30:01.002-04:00", {1685683801, 2000000, -14400}},
        {"2024-03-11T17:02:31.123+05:30", {1710156751, 123999999, 19800}},
        {"1969-12-31T23:59:59.999+00:00", {-1, 999999999, 0}},
        {"1969-12-31T23:30:00.000-00:30", {0, 0, -1800}},
        {"2024-02-29T23:59:59.000+00:00", {1709251199, 0, 0}},
        {"1900-03-01T00:00:00.000+00:00", {-2203891200, 0, 0}},
        {"0001-01-01T00:00:00.000+00:00", {-62135596800, 0, 0}},
        {"9999-12-31T23:59:59.000+00:00", {253402300799, 0, 0}},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[TIMESTAMP_TEXT] = "";
        size_t len = timestamp_rfc3339(&rows[i].time, text);
        check_of(len == strlen(rows[i].text) && memcmp(text, rows[i].text, len) == 0,
                 "timestamp_rfc3339", rows[i].text);
    }
}

static void check_epoch(void)
{
    static const struct {
        const char *text;
        struct timestamp time;
        int power, fraction;
    } rows[] = {
        {"1685683801", {1685683801, 2123456, -14400}, 0, 0},
        {"1685683801.002", {1685683801, 2123456, -14400}, 0, 3},
        {"1685683801002.123", {1685683801, 2123456, -14400}, 3, 3},
        {"1685683801002123", {1685683801, 2123456, -14400}, 6, 0},
        {"1685683801002123456", {1685683801, 2123456, -14400}, 9, 0},
        {"0", {0, 0, 0}, 0, 0},
        {"0.000000001", {0, 1, 0}, 0, 9},
        {"1", {0, 1, 0}, 9, 0},
        {"-0.001", {-1, 999000000, 0}, 0, 3},
        {"-1000", {-1, 0, 0}, 3, 0},
        {"-62135596800000000000", {-62135596800, 0, 0}, 9, 0},
        {"253402300799999999999", {253402300799, 999999999, 0}, 9, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[TIMESTAMP_TEXT] = "";
        size_t len = timestamp_epoch(&rows[i].time, rows[i].power, rows[i].fraction, text);
        check_of(len == strlen(rows[i].text) && memcmp(text, rows[i].text, len) == 0,
                 "timestamp_epoch", rows[i].text);
    }
}

/* The calendar functions and their inverses agree for every day of ten centuries. */
static void check_calendar(void)
{
    bool all = true;
    for (int64_t day = -400000; day <= 400000 && all; day++) {
        struct timestamp time = {day * 86400 + 43200, 0, 0}, back;
        char text[TIMESTAMP_TEXT];
        size_t len = timestamp_rfc3339(&time, text);
        all = timestamp_parse((struct span){text, len}, &back) && same_time(&time, &back);
    }
    check_of(all, "timestamp_civil", "every day from 875 to 3065");
}

static void check_zones(void)
{
    static const char *const unknown[] = {
        "", "No/Such", "/etc/localtime", "../zoneinfo/UTC", "Europe", "tzdata.zi", "Europe/Berlin ",
    };
    check_of(timestamp_zone_set("Europe/Berlin"), "timestamp_zone_set", "Europe/Berlin");
    check_of(timestamp_zone_offset(1656633600) == 7200, "timestamp_zone_offset", "Berlin in July");
    check_of(timestamp_zone_offset(1669852800) == 3600, "timestamp_zone_offset",
             "Berlin in December");
    for (size_t i = 0; i < COUNT(unknown); i++)
        check_of(!timestamp_zone_set(unknown[i]), "timestamp_zone_set", unknown[i]);
    check_of(timestamp_zone_offset(1656633600) == 7200, "timestamp_zone_offset",
             "after unknown ones");
    errno = ENOENT; /* left over: it says nothing about the zone */
    check_of(timestamp_zone_set("Asia/Kolkata"), "timestamp_zone_set", "Asia/Kolkata");
    check_of(timestamp_zone_offset(1656633600) == 19800, "timestamp_zone_offset", "Kolkata");
    check_of(timestamp_zone_set("UTC"), "timestamp_zone_set", "UTC");
    check_of(timestamp_zone_offset(1656633600) == 0, "timestamp_zone_offset", "UTC");
}

static void check_decoding(void)
{
    static const struct {
        const char *content;
        struct span meaning; /* at == NULL: there is none */
    } rows[] = {
        {"", SPAN_INIT("")},
        {"abc", SPAN_INIT("abc")},
        {"\\\"\\\\\\/\\b\\f\\n\\r\\t", SPAN_INIT("\"\\/\b\f\n\r\t")},
        {"\\u0000", SPAN_INIT("\0")},
        {"\\u0041\\u007f", SPAN_INIT("A\x7f")},
        {"\\u0080\\u07ff", SPAN_INIT("\xc2\x80\xdf\xbf")},
        {"\\u0800\\ud7ff\\ue000\\uFFFF",
         SPAN_INIT("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf")},
        {"\\ud83d\\ude9A!", SPAN_INIT("\xf0\x9f\x9a\x9a!")},
        {"\\ud800\\udc00", SPAN_INIT("\xf0\x90\x80\x80")},
        {"\\udbff\\udfff", SPAN_INIT("\xf4\x8f\xbf\xbf")},
        {"\xe6\x88\x90\\u529f", SPAN_INIT("\xe6\x88\x90\xe5\x8a\x9f")},
        {"\\\\u0041", SPAN_INIT("\\u0041")},
        {"\\ud800", {NULL, 0}},
        {"\\udc00", {NULL, 0}},
        {"\\ud800x", {NULL, 0}},
        {"\\ud800\\n", {NULL, 0}},
        {"\\ud800\\u0041", {NULL, 0}},
        {"\\ud800\\ud800\\udc00", {NULL, 0}},
        {"\\udc00\\ud800", {NULL, 0}},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[64];
        size_t len = 0, fits = rows[i].meaning.len;
        bool good = json_string_decode(span_of(rows[i].content), out, sizeof out, &len);
        check_of(good == (rows[i].meaning.at != NULL) &&
                     (!good || span_equal((struct span){out, len}, rows[i].meaning)),
                 "json_string_decode", rows[i].content);
        if (!good)
            continue;
        check_of(json_string_decode(span_of(rows[i].content), out, fits, &len) && len == fits,
                 "json_string_decode, into just enough room", rows[i].content);
        check_of(fits == 0 || !json_string_decode(span_of(rows[i].content), out, fits - 1, &len),
                 "json_string_decode, into too little room", rows[i].content);
    }
}

/* All bytes, and characters, encoded through buffers of every size, and decoded again. */
static void check_encoding(void)
{
    char text[256 + 16], whole[8 * sizeof text], back[sizeof text];
    size_t len = 0;
    for (int byte = 0; byte < 0x80; byte++)
        text[len++] = (char)byte;
    memcpy(text + len, "\xe6\x88\x90\xf0\x9f\x9a\x9a", 7);
    len += 7;
    for (size_t size = 6; size <= 64; size++) {
        struct span left = {text, len};
        size_t used = 0, n, decoded = 0;
        bool fits = true;
        while ((n = json_string_encode(&left, whole + used, size)) > 0) {
            fits = fits && n <= size;
            used += n;
        }
        check_of(fits && left.len == 0 &&
                     json_string_decode((struct span){whole, used}, back, sizeof back, &decoded) &&
                     span_equal((struct span){back, decoded}, (struct span){text, len}),
                 "json_string_encode", "all characters of ASCII");
    }
    struct span some = SPAN("\"\\\b\f\n\r\t\x01\x1f/\x7f\xc3\xa9");
    size_t used = json_string_encode(&some, whole, sizeof whole);
    check_of(span_equal((struct span){whole, used},
                        SPAN("\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/\x7f\xc3\xa9")),
             "json_string_encode", "the spelling of escapes");
}

static void check_printable(void)
{
    static const struct {
        struct span bytes;
        const char *shown;
    } rows[] = {
        {SPAN_INIT(""), ""},
        {SPAN_INIT("plain"), "plain"},
        {SPAN_INIT("\x1b[31mred\x07"), "\\x1b[31mred\\x07"},
        {SPAN_INIT("a\0b\n"), "a\\x00b\\x0a"},
        {SPAN_INIT("\x7f"), "\\x7f"},
        {SPAN_INIT("\xc2\x9b"
                   "31m\xc2\xa0"),
         "\\xc2\\x9b31m\xc2\xa0"},
        {SPAN_INIT("\x9b\xff\xc3"), "\\x9b\\xff\\xc3"},
        /* Overlong, surrogates, beyond Unicode; direction marks, and their neighbours. */
        {SPAN_INIT("\xc0\xaf\xe0\x80\xaf"), "\\xc0\\xaf\\xe0\\x80\\xaf"},
        {SPAN_INIT("\xed\xa0\x80\xed\x9f\xbf"), "\\xed\\xa0\\x80\xed\x9f\xbf"},
        {SPAN_INIT("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80"},
        {SPAN_INIT("\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8f"),
         "\\xe2\\x80\\xae\\xe2\\x81\\xa6\\xe2\\x80\\x8f"},
        {SPAN_INIT("\xd8\x9c\xe2\x80\x90"), "\\xd8\\x9c\xe2\x80\x90"},
        {SPAN_INIT("\xe6\x88\x90\xf0\x9f\x99\x82"), "\xe6\x88\x90\xf0\x9f\x99\x82"},
        {SPAN_INIT("123456789012345678901234567890123456789012345678901234567890"),
         "123456789012345678901234567890123456789012345678901234567890"},
        {SPAN_INIT("1234567890123456789012345678901234567890123456789012345678901"),
         "123456789012345678901234567890123456789012345678901234567890..."},
    };
    char zeros[100] = "";
    struct printable printable;
    for (size_t i = 0; i < COUNT(rows); i++)
        check_of(strcmp(diag_printable(rows[i].bytes, &printable), rows[i].shown) == 0,
                 "diag_printable", rows[i].shown);
    check_of(strlen(diag_printable((struct span){zeros, sizeof zeros}, &printable)) == 4 * 60 + 3,
             "diag_printable", "100 NULs");
}

/* A reason takes what fits, however often something is appended, and not a byte more. */
static void check_appending(void)
{
    struct {
        struct reason reason;
        char after[8];
    } guarded;
    for (size_t first = 490; first < sizeof guarded.reason.text; first++) {
        memset(&guarded, 'x', sizeof guarded);
        guarded.reason.text[first] = '\0';
        for (int time = 0; time < 3; time++) {
            reason_append(&guarded.reason, SPAN("\x1b[31mlonger than what is left"));
            reason_append(&guarded.reason, SPAN("..."));
        }
        check_of(memchr(guarded.reason.text, '\0', sizeof guarded.reason.text) != NULL &&
                     memcmp(guarded.after, "xxxxxxxx", sizeof guarded.after) == 0,
                 "reason_append", "more than fits");
    }
    reason_set(&guarded.reason, "%s", "said: ");
    reason_append(&guarded.reason, SPAN("a\xc3\xa4\xc2\x9b\x9b\n\xff"));
    check_of(strcmp(guarded.reason.text, "said: a\xc3\xa4\\xc2\\x9b\\x9b\\x0a\\xff") == 0,
             "reason_append", "control characters");
}

/* A selection has one bit for each category. */
static void check_catalogue(void)
{
    struct catalogue catalogue;
    check_of(catalogue_read(&catalogue) && catalogue.categories <= 64, "catalogue_read",
             "the catalogue's categories");
    catalogue_free(&catalogue);
}

static void check_statuses(void)
{
    static const char *const rows[][2] = {
        {"succeeded", "succeeded"},
        {"failed", "failed"},
        {"\xe6\x88\x90\xe5\x8a\x9f", "succeeded"},
        {"\xe5\xa4\xb1\xe6\x95\x97", "failed"},
        {"pending", "pending"},
        {"\xe6\x88\x90", "\xe6\x88\x90"},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        check_of(span_equal(event_status(span_of(rows[i][0])), span_of(rows[i][1])), "event_status",
                 rows[i][0]);
}

int main(void)
{
    check_sizes();
    check_durations();
    check_distances();
    check_nearest();
    check_times();
    check_time_arguments();
    check_rfc3339();
    check_epoch();
    check_calendar();
    check_zones();
    check_decoding();
    check_encoding();
    check_printable();
    check_appending();
    check_statuses();
    check_catalogue();
    return check_report();
}
