#include "config.h"

#include "s3/s3_pages.h"

#include <stdlib.h>

/* Sorts after every text that continues the text before it. */
#define LAST_CHARACTER "\xf4\x8f\xbf\xbf"

struct entry {
    uint64_t size;
    uint32_t at; /* offset of the key in the page's text; its ETag follows */
    uint16_t key_len;
    uint8_t etag_len;
    bool forgotten;
};

/* Covers the keys after `after` up to the last entry's; the last page covers all keys after
 * `after`. */
struct s3_pages_page {
    struct entry *entry;
    size_t count;
    char *text;
    size_t after_len; /* `after` is the beginning of the text */
    size_t bytes;
    int64_t read_at;
    uint64_t used;
    bool is_last;
    bool followed; /* the page that begins at its end was requested */
};

/* --- Pages --- */

static struct span key_of(const struct s3_pages_page *page, const struct entry *entry)
{
    return (struct span){page->text + entry->at, entry->key_len};
}

static struct span after_of(const struct s3_pages_page *page)
{
    return (struct span){page->text, page->after_len};
}

/* The end of a page that is not the last one. */
static struct span end_of(const struct s3_pages_page *page)
{
    return key_of(page, &page->entry[page->count - 1]);
}

static bool covers(const struct s3_pages_page *page, struct span key)
{
    return s3_key_compare(after_of(page), key) < 0 &&
           (page->is_last || s3_key_compare(key, end_of(page)) <= 0);
}

static void page_free(struct s3_pages_page *page)
{
    if (page == NULL)
        return;
    free(page->entry);
    free(page->text);
    free(page);
}

static void drop(struct s3_pages *pages, size_t index)
{
    pages->bytes -= pages->page[index]->bytes;
    page_free(pages->page[index]);
    pages->page[index] = pages->page[--pages->count];
}

/* Drops pages until there is room for one more. */
static void make_room(struct s3_pages *pages)
{
    while (pages->count > 0 && (pages->count == S3_PAGES_MOST || pages->bytes > S3_PAGES_BYTES)) {
        size_t oldest = 0;
        for (size_t i = 1; i < pages->count; i++)
            if (pages->page[i]->used < pages->page[oldest]->used)
                oldest = i;
        drop(pages, oldest);
    }
}

/* The page that covers the key, NULL if none does. */
static struct s3_pages_page *page_of(struct s3_pages *pages, struct span key)
{
    for (size_t i = 0; i < pages->count; i++)
        if (covers(pages->page[i], key))
            return pages->page[i];
    return NULL;
}

static struct entry *entry_of(const struct s3_pages_page *page, struct span key)
{
    size_t low = 0, high = page->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = s3_key_compare(key, key_of(page, &page->entry[middle]));
        if (order == 0)
            return &page->entry[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* The page that ends below the key and nearest to it; NULL: there is none. */
static struct s3_pages_page *page_below(struct s3_pages *pages, struct span key)
{
    struct s3_pages_page *below = NULL;
    for (size_t i = 0; i < pages->count; i++) {
        struct s3_pages_page *page = pages->page[i];
        if (!page->is_last && s3_key_compare(end_of(page), key) < 0 &&
            (below == NULL || s3_key_compare(end_of(page), end_of(below)) > 0))
            below = page;
    }
    return below;
}

/* --- Looking up --- */

void s3_pages_begin(struct s3_pages *pages, struct span prefix)
{
    *pages =
        (struct s3_pages){.prefix = prefix, .credit = S3_PAGES_CREDIT, .pause = S3_PAGES_PAUSE};
}

static void earn(struct s3_pages *pages)
{
    if (pages->credit < S3_PAGES_CREDIT && ++pages->credit == S3_PAGES_CREDIT)
        pages->pause = S3_PAGES_PAUSE;
}

static void rest(struct s3_pages *pages)
{
    pages->pass = pages->pause;
    if (pages->pause < S3_PAGES_LONGEST_PAUSE)
        pages->pause *= 2;
}

/* Whether a page may be requested.  After a pause two are, to see whether they help now. */
static bool may_ask(struct s3_pages *pages)
{
    if (pages->pass > 0) {
        pages->pass--;
        return false;
    }
    if (pages->credit >= S3_PAGES_PRICE)
        return true;
    rest(pages);
    pages->credit = 2 * S3_PAGES_PRICE;
    return false;
}

static void drop_old(struct s3_pages *pages, int64_t now)
{
    for (size_t i = pages->count; i-- > 0;)
        if (now - pages->page[i]->read_at > S3_PAGES_AGE)
            drop(pages, i);
}

enum s3_presence s3_pages_find(struct s3_pages *pages, struct span key, int64_t now,
                               struct s3_known *known)
{
    drop_old(pages, now);
    struct s3_pages_page *page = page_of(pages, key);
    if (page == NULL)
        return may_ask(pages) ? S3_UNKNOWN : S3_UNASKED;
    page->used = ++pages->uses;
    const struct entry *entry = entry_of(page, key);
    if (entry != NULL && entry->forgotten)
        return S3_UNASKED;
    earn(pages);
    if (entry == NULL)
        return S3_ABSENT;
    *known = (struct s3_known){entry->size, {span_end(key_of(page, entry)), entry->etag_len}};
    return S3_PRESENT;
}

void s3_pages_forget(struct s3_pages *pages, struct span key)
{
    for (size_t i = 0; i < pages->count; i++) {
        struct entry *entry = covers(pages->page[i], key) ? entry_of(pages->page[i], key) : NULL;
        if (entry != NULL)
            entry->forgotten = true;
    }
}

/* --- Asking --- */

/* The last character of a UTF-8 text, and its offset. */
static uint32_t last_character(struct span text, size_t *at)
{
    static const unsigned char mask[] = {0x7f, 0x1f, 0x0f, 0x07};
    size_t i = text.len - 1;
    while (i > 0 && text.len - i < 4 && ((unsigned char)text.at[i] & 0xc0) == 0x80)
        i--;
    uint32_t c = (unsigned char)text.at[i] & mask[text.len - i - 1];
    for (size_t k = i + 1; k < text.len; k++)
        c = c << 6 | ((unsigned char)text.at[k] & 0x3f);
    *at = i;
    return c;
}

static size_t put_character(uint32_t c, char *to)
{
    static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
    size_t more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    to[0] = (char)(lead[more] | c >> 6 * more);
    for (size_t i = 1; i <= more; i++)
        to[i] = (char)(0x80 | (c >> 6 * (more - i) & 0x3f));
    return more + 1;
}

size_t s3_pages_before(struct span key, char text[S3_PAGES_AFTER_MAX])
{
    size_t len;
    if (key.len == 0)
        return 0;
    uint32_t last = last_character(key, &len);
    memcpy(text, key.at, len);
    /* Control characters are not used, because not every store accepts them: only few keys are
     * between. */
    if (last <= ' ')
        return len;
    len += put_character(last == 0xe000 ? 0xd7ff : last - 1, text + len);
    if (len + strlen(LAST_CHARACTER) <= S3_KEY_MAX) {
        memcpy(text + len, LAST_CHARACTER, strlen(LAST_CHARACTER));
        len += strlen(LAST_CHARACTER);
    }
    return len;
}

static struct span put(char *to, size_t *len, struct span text)
{
    if (text.len > 0)
        memcpy(to, text.at, text.len);
    *len = text.len;
    return (struct span){to, text.len};
}

/* Whether the key is the one that the last page was requested for, although that page does not
 * cover it. */
static bool is_missed(const struct s3_pages *pages, struct span key)
{
    return span_equal((struct span){pages->missed, pages->missed_len}, key);
}

/* Keys that are not in order leave gaps between pages: a page that begins where the one below ends
 * closes such a gap, if the gap is small. */
static bool close_gap(struct s3_pages *pages, struct span key)
{
    struct s3_pages_page *below = page_below(pages, key);
    struct span highest = {pages->highest, pages->highest_len};
    bool *followed = below != NULL ? &below->followed : &pages->begun;
    if (s3_key_compare(key, highest) > 0 || *followed || is_missed(pages, key))
        return false;
    *followed = true;
    put(pages->after, &pages->after_len, below != NULL ? end_of(below) : SPAN(""));
    return true;
}

void s3_pages_query(struct s3_pages *pages, struct span key, char text[S3_LIST_QUERY_MAX])
{
    pages->credit -= pages->credit < S3_PAGES_PRICE ? pages->credit : S3_PAGES_PRICE;
    if (!close_gap(pages, key))
        pages->after_len = s3_pages_before(key, pages->after);
    put(pages->missed, &pages->missed_len, key);
    if (s3_key_compare(key, (struct span){pages->highest, pages->highest_len}) > 0)
        put(pages->highest, &pages->highest_len, key);
    s3_list_query(
        &(struct s3_list_query){
            .prefix = pages->prefix,
            .start_after = {pages->after, pages->after_len},
            .most = S3_LIST_MOST,
        },
        text);
}

/* --- Adding --- */

static size_t text_size(const struct s3_page *page)
{
    size_t size = 0;
    for (size_t i = 0; i < page->count; i++)
        size += page->item[i].key.len + page->item[i].etag.len;
    return size;
}

/* Keeps what lookups need.  False: no memory. */
static bool compact(struct s3_pages_page *kept, const struct s3_page *page, struct span after)
{
    size_t texts = after.len + text_size(page), at = after.len, len;
    kept->bytes = sizeof *kept + texts + page->count * sizeof *kept->entry;
    kept->text = malloc(texts + 1);
    kept->entry = calloc(page->count + 1, sizeof *kept->entry);
    if (kept->text == NULL || kept->entry == NULL)
        return false;
    put(kept->text, &kept->after_len, after);
    for (size_t i = 0; i < page->count; i++) {
        const struct s3_item *item = &page->item[i];
        struct entry *entry = &kept->entry[kept->count++];
        *entry = (struct entry){
            .size = item->size, .at = (uint32_t)at, .key_len = (uint16_t)item->key.len};
        put(kept->text + at, &len, item->key);
        at += len;
        if (item->etag.len <= UINT8_MAX) {
            put(kept->text + at, &len, item->etag);
            entry->etag_len = (uint8_t)len;
            at += len;
        }
    }
    return true;
}

/* Whether the page can be used: its keys have no more bytes than a key can have, and one that is
 * followed by others has entries. */
static bool is_usable(const struct s3_page *page)
{
    for (size_t i = 0; i < page->count; i++)
        if (page->item[i].is_prefix || page->item[i].key.len > S3_KEY_MAX)
            return false;
    return page->count > 0 || !page->more;
}

static enum s3_pages_added keep(struct s3_pages *pages, const struct s3_page *page,
                                struct span after, int64_t now)
{
    struct s3_pages_page *kept = calloc(1, sizeof *kept);
    if (kept == NULL || !compact(kept, page, after)) {
        page_free(kept);
        return S3_PAGES_NO_MEMORY;
    }
    kept->is_last = !page->more;
    kept->read_at = now;
    kept->used = ++pages->uses;
    make_room(pages);
    pages->page[pages->count++] = kept;
    pages->bytes += kept->bytes;
    return S3_PAGES_ADDED;
}

enum s3_pages_added s3_pages_add(struct s3_pages *pages, struct span document, int64_t now)
{
    struct s3_page page;
    struct span after = {pages->after, pages->after_len};
    enum s3_pages_added added;
    if (!s3_page_read(&page, document) || !is_usable(&page))
        added = S3_PAGES_UNREADABLE;
    else if (!s3_page_in_order(&page, after))
        added = S3_PAGES_DISORDER;
    else
        added = keep(pages, &page, after, now);
    s3_page_free(&page);
    return added;
}

void s3_pages_failed(struct s3_pages *pages)
{
    rest(pages);
    /* It may be requested again, later. */
    pages->missed_len = 0;
}

void s3_pages_end(struct s3_pages *pages)
{
    while (pages->count > 0)
        drop(pages, pages->count - 1);
}
