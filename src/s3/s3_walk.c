#include "config.h"

#include "base/timestamp.h"
#include "s3/s3_address.h"
#include "s3/s3_walk.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST_LISTS = 4 }; /* listings at once */

/* Sorts after every name that continues the text before it. */
#define LAST_CHARACTER "\xf4\x8f\xbf\xbf"

/* The kind of a segment's keys. */
enum level {
    LEVEL_KEYS,       /* all keys */
    LEVEL_TOP,        /* USER/ and kind=KIND/ */
    LEVEL_USER,       /* below USER/: jobs/ and activity/ */
    LEVEL_RECIPES,    /* below USER/jobs/: RECIPE/ */
    LEVEL_HIVE_USERS, /* below kind=KIND/: user_id=USER/ */
};

struct s3_segment {
    struct s3_segment *next;
    enum { SEGMENT_WANTED, SEGMENT_ASKED, SEGMENT_KEYS } state;
    enum level level;
    struct span prefix, after, end; /* end: the first key after the segment; no bytes: none */
    struct s3_page page;            /* of SEGMENT_KEYS */
    size_t at, stop;                /* its items that are left */
    bool shares;                    /* the page belongs to the last segment that was made from it */
    char text[];                    /* what the spans point to */
};

static bool starts_with(struct span text, struct span start)
{
    return text.len >= start.len && memcmp(text.at, start.at, start.len) == 0;
}

static struct span copy(char **to, struct span text)
{
    struct span copied = {*to, text.len};
    if (text.len > 0)
        memcpy(*to, text.at, text.len);
    *to += text.len;
    return copied;
}

/* A segment; NULL: no memory. */
static struct s3_segment *segment_new(enum level level, struct span prefix, struct span after,
                                      struct span end)
{
    struct s3_segment *segment = malloc(sizeof *segment + prefix.len + after.len + end.len + 1);
    if (segment == NULL)
        return NULL;
    *segment = (struct s3_segment){.state = SEGMENT_WANTED, .level = level};
    char *to = segment->text;
    segment->prefix = copy(&to, prefix);
    segment->after = copy(&to, after);
    segment->end = copy(&to, end);
    return segment;
}

static void segment_free(struct s3_segment *segment)
{
    if (segment->state == SEGMENT_KEYS && !segment->shares)
        s3_page_free(&segment->page);
    free(segment);
}

/* Where a listing with a delimiter must continue so that the next prefix is `item` up to its '/'.
 * Some stores take a key there for its whole prefix. */
static struct span before_prefix(struct span key, size_t from, char text[S3_KEY_MAX + 8])
{
    const char *slash = memchr(key.at + from, '/', key.len - from);
    if (slash == NULL)
        return key;
    size_t len = (size_t)(slash - key.at);
    memcpy(text, key.at, len);
    memcpy(text + len, "." LAST_CHARACTER, 5); /* '.' is the character before '/' */
    return (struct span){text, len + 5};
}

/* Appends a segment to *end, which moves on; not if the option `after` leaves none of its keys.
 * False: no memory. */
static bool append(const struct s3_walk *walk, struct s3_segment ***end, enum level level,
                   struct span prefix, struct span after, struct span stop)
{
    struct span resume = walk->options.after;
    char text[S3_KEY_MAX + 8];
    if (resume.len > 0 && starts_with(resume, prefix)) {
        if (level != LEVEL_KEYS)
            resume = before_prefix(resume, prefix.len, text);
        if (s3_key_compare(resume, after) > 0)
            after = resume;
    } else if (resume.len > 0 && s3_key_compare(resume, prefix) > 0) {
        return true;
    }
    if (stop.len > 0 && s3_key_compare(after, stop) >= 0)
        return true;
    struct s3_segment *segment = segment_new(level, prefix, after, stop);
    if (segment == NULL)
        return false;
    segment->next = **end;
    **end = segment;
    *end = &segment->next;
    return true;
}

bool s3_walk_begin(struct s3_walk *walk, const struct s3_walk_options *options)
{
    *walk = (struct s3_walk){.options = *options};
    struct s3_segment **end = &walk->first;
    return append(walk, &end, options->days ? LEVEL_TOP : LEVEL_KEYS, options->prefix, SPAN(""),
                  SPAN(""));
}

void s3_walk_end(struct s3_walk *walk)
{
    for (struct s3_segment *segment; (segment = walk->first) != NULL;) {
        walk->first = segment->next;
        segment_free(segment);
    }
}

struct s3_segment *s3_walk_wanted(struct s3_walk *walk, struct s3_list_query *query)
{
    struct s3_segment *segment = walk->first;
    if (walk->asked >= MOST_LISTS || walk->keys >= walk->options.ahead)
        return NULL;
    while (segment != NULL && segment->state != SEGMENT_WANTED)
        segment = segment->next;
    if (segment == NULL)
        return NULL;
    segment->state = SEGMENT_ASKED;
    walk->asked++;
    *query = (struct s3_list_query){
        .prefix = segment->prefix,
        .start_after = segment->after,
        .delimiter = segment->level != LEVEL_KEYS,
        .most = S3_LIST_MOST,
    };
    return segment;
}

void s3_walk_unlisted(struct s3_walk *walk, struct s3_segment *segment)
{
    segment->state = SEGMENT_WANTED;
    walk->asked--;
}

/* The day that is `days` days later, as YYYYMMDD. */
static void other_day(const char day[9], int days, char other[9])
{
    char text[32];
    struct timestamp time;
    snprintf(text, sizeof text, "%.4s-%.2s-%.2sT00:00:00Z", day, day + 4, day + 6);
    if (strcmp(day, days < 0 ? "00010101" : "99991231") == 0 ||
        !timestamp_parse(span_of(text), &time)) {
        memcpy(other, days < 0 ? "00000000" : "99999999", 9);
        return;
    }
    struct civil civil = timestamp_civil(time.seconds + (int64_t)days * 86400, 0);
    snprintf(text, sizeof text, "%04d%02d%02d", (int)civil.year % 10000, civil.month, civil.day);
    memcpy(other, text, 9);
}

/* PREFIX, date= and dashes with hive, and the day. */
static struct span day_key(struct span prefix, bool hive, const char day[9], const char *more,
                           char text[S3_KEY_MAX + 40])
{
    int len =
        hive ? snprintf(text + prefix.len, 40, "date=%.4s-%.2s-%.2s%s", day, day + 4, day + 6, more)
             : snprintf(text + prefix.len, 40, "%s%s", day, more);
    memcpy(text, prefix.at, prefix.len);
    return (struct span){text, prefix.len + (size_t)len};
}

/* Appends the days of a directory whose names begin with dates: one range of keys. */
static bool append_days(const struct s3_walk *walk, struct s3_segment ***end, struct span prefix,
                        bool hive)
{
    const struct s3_walk_options *o = &walk->options;
    char first[S3_KEY_MAX + 40], last[S3_KEY_MAX + 40], before[S3_KEY_MAX + 40];
    char stop[S3_KEY_MAX + 40], day[9];
    struct span first_key = day_key(prefix, hive, o->first, "", first);
    struct span last_key = day_key(prefix, hive, o->last, "", last);
    size_t common = 0;
    while (common < first_key.len && common < last_key.len && first[common] == last[common])
        common++;
    other_day(o->first, -1, day);
    struct span after = day_key(prefix, hive, day, LAST_CHARACTER, before);
    other_day(o->last, 1, day);
    if (common == first_key.len) /* one day: its prefix is enough */
        return append(walk, end, LEVEL_KEYS, first_key, SPAN(""), SPAN(""));
    return append(walk, end, LEVEL_KEYS, (struct span){first, common}, after,
                  day_key(prefix, hive, day, "", stop));
}

/* Appends a segment for a prefix; its level depends on where the prefix was found. */
static bool append_prefix(const struct s3_walk *walk, struct s3_segment ***end,
                          const struct s3_segment *segment, struct span prefix)
{
    struct span name = span_between(prefix.at + segment->prefix.len, span_end(prefix));
    switch (segment->level) {
    case LEVEL_TOP:
        return append(walk, end, starts_with(name, SPAN("kind=")) ? LEVEL_HIVE_USERS : LEVEL_USER,
                      prefix, SPAN(""), SPAN(""));
    case LEVEL_USER:
        if (span_equal(name, SPAN("activity/")))
            return append_days(walk, end, prefix, false);
        return append(walk, end, span_equal(name, SPAN("jobs/")) ? LEVEL_RECIPES : LEVEL_KEYS,
                      prefix, SPAN(""), SPAN(""));
    case LEVEL_RECIPES:
        return append_days(walk, end, prefix, false);
    case LEVEL_HIVE_USERS:
        if (starts_with(name, SPAN("user_id=")))
            return append_days(walk, end, prefix, true);
        return append(walk, end, LEVEL_KEYS, prefix, SPAN(""), SPAN(""));
    default:
        return false;
    }
}

/* Whether the key is in the segment, and after the option `after`. */
static bool is_wanted(const struct s3_walk *walk, const struct s3_segment *segment, struct span key)
{
    return (segment->end.len == 0 || s3_key_compare(key, segment->end) < 0) &&
           s3_key_compare(key, walk->options.after) > 0;
}

/* Appends a segment of the page's keys from `from` to `to`. */
static bool append_keys(struct s3_walk *walk, struct s3_segment ***end, const struct s3_page *page,
                        size_t from, size_t to)
{
    struct s3_segment *keys = segment_new(LEVEL_KEYS, SPAN(""), SPAN(""), SPAN(""));
    if (keys == NULL)
        return false;
    keys->state = SEGMENT_KEYS;
    keys->page = *page;
    keys->shares = true;
    keys->at = from;
    keys->stop = to;
    walk->keys += to - from;
    keys->next = **end;
    **end = keys;
    *end = &keys->next;
    return true;
}

/* Replaces the segment, whose place is *place, with the contents of the page.  The last segment of
 * keys owns the page afterwards; *owned says whether there is one. */
static bool replace(struct s3_walk *walk, struct s3_segment **place, struct s3_segment *segment,
                    const struct s3_page *page, bool *owned)
{
    struct s3_segment **end = place, *last = NULL;
    size_t i = 0;
    bool more = page->more && page->count > 0, right = true;
    while (right && i < page->count) {
        size_t from = i;
        while (i < page->count && !page->item[i].is_prefix &&
               is_wanted(walk, segment, page->item[i].key))
            i++;
        if (i > from) {
            struct s3_segment **at = end;
            right = append_keys(walk, &end, page, from, i);
            last = right ? *at : last;
        } else if (page->item[i].is_prefix) {
            right = append_prefix(walk, &end, segment, page->item[i++].key);
        } else if (segment->end.len > 0 && s3_key_compare(page->item[i].key, segment->end) >= 0) {
            more = false;
            break;
        } else {
            i++; /* not after the option `after` */
        }
    }
    *owned = last != NULL;
    if (last != NULL)
        last->shares = false;
    if (!right || !more)
        return right;
    const struct s3_item *item = &page->item[page->count - 1];
    char text[S3_KEY_MAX + 8];
    struct span after = item->key;
    if (item->is_prefix && after.len <= S3_KEY_MAX) {
        memcpy(text, after.at, after.len);
        memcpy(text + after.len, LAST_CHARACTER, 4);
        after = (struct span){text, after.len + 4};
    }
    return append(walk, &end, segment->level, segment->prefix, after, segment->end);
}

/* Whether the item can be in the segment's listing, which all that follows relies on.  False with a
 * reason. */
static bool check_item(const struct s3_segment *segment, const struct s3_item *item,
                       struct reason *reason)
{
    struct printable key, prefix;
    if (!starts_with(item->key, segment->prefix))
        return reason_set(reason, "the store lists '%s', which does not begin with the prefix '%s'",
                          diag_printable(item->key, &key),
                          diag_printable(segment->prefix, &prefix));
    return !item->is_prefix || item->key.len <= S3_KEY_MAX ||
           reason_set(reason, "the store lists a key of more than 1,024 bytes");
}

static bool check_page(const struct s3_segment *segment, const struct s3_page *page,
                       struct reason *reason)
{
    for (size_t i = 0; i < page->count; i++)
        if (!check_item(segment, &page->item[i], reason))
            return false;
    return s3_page_in_order(page, segment->after) ||
           reason_set(reason, "the store does not list keys in the order of their bytes (an S3 "
                              "directory bucket does not); they cannot be read page by page");
}

bool s3_walk_listed(struct s3_walk *walk, struct s3_segment *segment, struct s3_page *page,
                    struct reason *reason)
{
    struct s3_segment **place = &walk->first;
    bool owned = false;
    walk->asked--;
    if (!check_page(segment, page, reason)) {
        s3_page_free(page);
        segment->state = SEGMENT_WANTED;
        return false;
    }
    while (*place != segment)
        place = &(*place)->next;
    *place = segment->next;
    bool replaced = replace(walk, place, segment, page, &owned);
    if (!owned)
        s3_page_free(page);
    *page = (struct s3_page){0};
    segment_free(segment);
    return replaced || reason_set(reason, "there is not enough memory");
}

const struct s3_item *s3_walk_peek(struct s3_walk *walk)
{
    struct s3_segment *segment;
    while ((segment = walk->first) != NULL && segment->state == SEGMENT_KEYS) {
        if (segment->at < segment->stop)
            return &segment->page.item[segment->at];
        walk->first = segment->next;
        segment_free(segment);
    }
    return NULL;
}

void s3_walk_next(struct s3_walk *walk)
{
    walk->first->at++;
    walk->keys--;
}
