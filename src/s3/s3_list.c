#include "config.h"

#include "s3/s3_address.h"
#include "s3/s3_list.h"
#include "s3/xml.h"

#include <stdio.h>
#include <stdlib.h>

bool s3_list_query(const struct s3_list_query *query, char text[S3_LIST_QUERY_MAX])
{
    char *to = text;
    if (query->prefix.len > S3_KEY_MAX || query->start_after.len > S3_KEY_MAX + 8)
        return false;
    to += sprintf(to, "%sencoding-type=url&list-type=2&max-keys=%u",
                  query->delimiter ? "delimiter=%2F&" : "", query->most);
    if (query->prefix.len > 0) {
        to += sprintf(to, "&prefix=");
        to = s3_address_encode(query->prefix, false, to);
    }
    if (query->start_after.len > 0) {
        to += sprintf(to, "&start-after=");
        to = s3_address_encode(query->start_after, false, to);
    }
    *to = '\0';
    return true;
}

int s3_key_compare(struct span a, struct span b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.at, b.at, len) : 0;
    return order != 0 ? order : a.len < b.len ? -1 : a.len > b.len;
}

/* A page that is being built. */
struct reader {
    struct xml xml;
    struct s3_page *page;
    size_t room;  /* items that fit */
    char *to;     /* the position for the next text */
    char *end;    /* of the texts */
    bool encoded; /* keys are percent-encoded */
};

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Decodes a key in place. */
static bool decode(struct span *key)
{
    char *to = (char *)(uintptr_t)key->at;
    size_t len = 0;
    for (size_t i = 0; i < key->len; i++) {
        char c = key->at[i];
        if (c == '%') {
            int high = i + 2 < key->len ? hex(key->at[i + 1]) : -1;
            int low = high >= 0 ? hex(key->at[i + 2]) : -1;
            if (low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+') {
            c = ' '; /* as in forms; a '+' is encoded as %2B */
        }
        to[len++] = c;
    }
    key->len = len;
    return true;
}

/* The text of the element that was entered, copied to the page. */
static bool take_text(struct reader *r, struct span *text)
{
    struct span raw;
    size_t len;
    if (!xml_text(&r->xml, &raw) || !xml_copy(raw, r->to, (size_t)(r->end - r->to), &len))
        return false;
    *text = (struct span){r->to, len};
    r->to += len + 1;
    return true;
}

static bool take_number(struct reader *r, uint64_t *number)
{
    struct span text;
    *number = 0;
    if (!take_text(r, &text) || text.len == 0 || text.len > 18)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        *number = *number * 10 + (uint64_t)(text.at[i] - '0');
    }
    return true;
}

static bool take_etag(struct reader *r, struct span *etag)
{
    if (!take_text(r, etag))
        return false;
    if (etag->len >= 2 && etag->at[0] == '"' && etag->at[etag->len - 1] == '"')
        *etag = (struct span){etag->at + 1, etag->len - 2};
    return true;
}

static struct s3_item *add_item(struct reader *r)
{
    struct s3_page *page = r->page;
    if (page->count == r->room) {
        size_t room = r->room > 0 ? 2 * r->room : S3_LIST_MOST;
        struct s3_item *grown = realloc(page->item, room * sizeof *grown);
        if (grown == NULL)
            return NULL;
        page->item = grown;
        r->room = room;
    }
    page->item[page->count] = (struct s3_item){0};
    return &page->item[page->count++];
}

/* Reads <Contents>, one object. */
static bool read_object(struct reader *r)
{
    struct s3_item *item = add_item(r);
    struct span name;
    bool right = item != NULL, has_size = false;
    while (right && xml_enter(&r->xml, &name)) {
        if (span_equal(name, SPAN("Key")))
            right = take_text(r, &item->key);
        else if (span_equal(name, SPAN("Size")))
            right = has_size = take_number(r, &item->size);
        else if (span_equal(name, SPAN("ETag")))
            right = take_etag(r, &item->etag);
        else if (span_equal(name, SPAN("LastModified")))
            right = take_text(r, &item->time);
        else
            right = xml_skip(&r->xml);
    }
    return right && has_size && item->key.len > 0;
}

/* Reads <CommonPrefixes>, which has one or more prefixes. */
static bool read_prefixes(struct reader *r)
{
    struct span name;
    bool right = true;
    while (right && xml_enter(&r->xml, &name)) {
        if (!span_equal(name, SPAN("Prefix"))) {
            right = xml_skip(&r->xml);
            continue;
        }
        struct s3_item *item = add_item(r);
        right = item != NULL && take_text(r, &item->key) && item->key.len > 0;
        if (right)
            item->is_prefix = true;
    }
    return right;
}

static bool read_members(struct reader *r)
{
    struct span name, text;
    bool right = true, told = false;
    while (right && xml_enter(&r->xml, &name)) {
        if (span_equal(name, SPAN("Contents"))) {
            right = read_object(r);
        } else if (span_equal(name, SPAN("CommonPrefixes"))) {
            right = read_prefixes(r);
        } else if (span_equal(name, SPAN("IsTruncated"))) {
            right = told = take_text(r, &text);
            r->page->more = right && span_equal(text, SPAN("true"));
        } else if (span_equal(name, SPAN("EncodingType"))) {
            right = take_text(r, &text);
            r->encoded = right && span_equal(text, SPAN("url"));
        } else {
            right = xml_skip(&r->xml);
        }
    }
    return right && told && xml_end(&r->xml);
}

/* Objects and prefixes are separate in the document; each sequence is in ascending order. */
static int compare_items(const void *a, const void *b)
{
    return s3_key_compare(((const struct s3_item *)a)->key, ((const struct s3_item *)b)->key);
}

static bool has_both(const struct s3_page *page)
{
    for (size_t i = 1; i < page->count; i++)
        if (page->item[i].is_prefix != page->item[0].is_prefix)
            return true;
    return false;
}

bool s3_page_read(struct s3_page *page, struct span document)
{
    struct reader r = {.page = page};
    struct span name;
    *page = (struct s3_page){0};
    /* A text is never longer than its source; its NUL replaces a part of the tags. */
    page->text = malloc(document.len + 1);
    r.to = page->text;
    r.end = page->text + document.len + 1;
    xml_begin(&r.xml, document);
    bool right = page->text != NULL && xml_enter(&r.xml, &name) &&
                 span_equal(name, SPAN("ListBucketResult")) && read_members(&r);
    for (size_t i = 0; right && r.encoded && i < page->count; i++)
        right = decode(&page->item[i].key) && page->item[i].key.len > 0;
    if (!right) {
        s3_page_free(page);
        return false;
    }
    if (has_both(page))
        qsort(page->item, page->count, sizeof *page->item, compare_items);
    return true;
}

bool s3_page_in_order(const struct s3_page *page, struct span start_after)
{
    struct span before = start_after;
    for (size_t i = 0; i < page->count; i++) {
        if (s3_key_compare(page->item[i].key, before) <= 0)
            return false;
        before = page->item[i].key;
    }
    return true;
}

void s3_page_free(struct s3_page *page)
{
    free(page->item);
    free(page->text);
    *page = (struct s3_page){0};
}
