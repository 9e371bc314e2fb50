/* s3-units: checks of the S3 tools' functions that need no network: lookups in a listing, and the
 * text that signature version 2 signs.
 *
 * Prints each check that fails, and how many there were; status 1 if any failed. */
#include "config.h"

#include "check.h"
#include "s3/s3_pages.h"
#include "s3/s3_v2.h"

#include <stdio.h>
#include <stdlib.h>

/* --- Where a page begins --- */

#define LAST "\xf4\x8f\xbf\xbf"

static void check_before(void)
{
    static const struct {
        const char *key, *before;
    } known[] = {
        {"abc", "abb" LAST},
        {"a", "`" LAST},
        {"x/0", "x//" LAST},
        {"x/", "x." LAST},
        {"x!", "x " LAST},
        {"x ", "x"},
        {"x\t", "x"},
        {"\x01", ""},
        {"\xc2\x80", "\x7f" LAST},
        {"\xe0\xa0\x80", "\xdf\xbf" LAST},
        {"\xee\x80\x80", "\xed\x9f\xbf" LAST}, /* U+E000: the surrogates are no characters */
        {"\xf0\x90\x80\x80", "\xef\xbf\xbf" LAST},
        {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbe" LAST},
    };
    char text[S3_PAGES_AFTER_MAX], longest[S3_KEY_MAX + 1];
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t len = s3_pages_before(span_of(known[i].key), text);
        check_span((struct span){text, len}, known[i].before, "the text before a key");
        check(s3_key_compare((struct span){text, len}, span_of(known[i].key)) < 0, "it is before");
    }
    memset(longest, 'k', S3_KEY_MAX);
    check(s3_pages_before((struct span){longest, S3_KEY_MAX}, text) == S3_KEY_MAX,
          "what is before the longest key is as long");
}

/* --- A bucket, and its listing --- */

enum { KEYS = 20000, KEY_SIZE = 16 };

struct bucket {
    char key[KEYS][KEY_SIZE]; /* ascending */
    size_t count;
    size_t page; /* keys of a page */
    size_t lists;
};

static struct span key_at(const struct bucket *bucket, size_t i)
{
    return span_of(bucket->key[i]);
}

/* Responds to the query that the pages have just written, as a store does. */
static enum s3_pages_added answer(struct bucket *bucket, struct s3_pages *pages, int64_t now)
{
    struct span after = {pages->after, pages->after_len};
    size_t first = 0, size = 200 + bucket->page * 200;
    while (first < bucket->count && s3_key_compare(key_at(bucket, first), after) <= 0)
        first++;
    size_t left = bucket->count - first, count = left < bucket->page ? left : bucket->page;
    char *text = malloc(size), *to = text;
    to += sprintf(to, "<ListBucketResult><IsTruncated>%s</IsTruncated>",
                  count < left ? "true" : "false");
    for (size_t i = first; i < first + count; i++)
        to += sprintf(to,
                      "<Contents><Key>%s</Key><Size>%zu</Size><ETag>&quot;%032zx&quot;</ETag>"
                      "</Contents>",
                      bucket->key[i], i, i);
    to += sprintf(to, "</ListBucketResult>");
    enum s3_pages_added added = s3_pages_add(pages, span_between(text, to), now);
    free(text);
    bucket->lists++;
    return added;
}

/* Looks a key up, with as many pages as necessary. */
static enum s3_presence look(struct bucket *bucket, struct s3_pages *pages, const char *key,
                             struct s3_known *known)
{
    char query[S3_LIST_QUERY_MAX];
    enum s3_presence presence;
    while ((presence = s3_pages_find(pages, span_of(key), 1, known)) == S3_UNKNOWN) {
        s3_pages_query(pages, span_of(key), query);
        if (answer(bucket, pages, 1) != S3_PAGES_ADDED)
            return S3_UNKNOWN;
    }
    return presence;
}

/* A bucket of the even numbers below twice its count. */
static struct bucket *make_bucket(size_t count, size_t page)
{
    struct bucket *bucket = calloc(1, sizeof *bucket);
    bucket->count = count;
    bucket->page = page;
    for (size_t i = 0; i < count; i++)
        snprintf(bucket->key[i], KEY_SIZE, "a/%08zu", 2 * i);
    return bucket;
}

/* Looks up `count` keys, the i-th being order(i): the results must be right.  Returns how many had
 * a result. */
static size_t look_all(struct bucket *bucket, size_t count, size_t (*order)(size_t))
{
    struct s3_pages pages;
    struct s3_known known;
    char key[KEY_SIZE];
    size_t told = 0, wrong = 0, most = 0;
    s3_pages_begin(&pages, SPAN("a/"));
    for (size_t i = 0; i < count; i++) {
        size_t n = order(i);
        bool is = n % 2 == 0 && n / 2 < bucket->count;
        snprintf(key, sizeof key, "a/%08zu", n);
        enum s3_presence presence = look(bucket, &pages, key, &known);
        told += presence != S3_UNASKED;
        wrong += presence != S3_UNASKED && presence != (is ? S3_PRESENT : S3_ABSENT);
        wrong += presence == S3_PRESENT && known.size != n / 2;
        most = pages.count > most ? pages.count : most;
    }
    check(wrong == 0, "what the pages tell is right");
    check(most <= S3_PAGES_MOST, "no more pages are kept than may be");
    s3_pages_end(&pages);
    return told;
}

static size_t ascending(size_t i)
{
    return i;
}

static size_t descending(size_t i)
{
    return 2 * KEYS - i;
}

static size_t scattered(size_t i)
{
    return i * 7919 % (2 * KEYS);
}

static size_t sparse(size_t i)
{
    return 40 * i;
}

static void check_orders(void)
{
    struct bucket *bucket = make_bucket(KEYS, 1000);
    check(look_all(bucket, 2 * KEYS, ascending) == 2 * KEYS, "in order all keys are told");
    check(bucket->lists == KEYS / 1000 || bucket->lists == KEYS / 1000 + 1,
          "in order one pass is enough");
    bucket->lists = 0;
    check(look_all(bucket, 2 * KEYS, scattered) > 2 * KEYS * 99 / 100,
          "scattered, nearly all keys are told");
    check(bucket->lists <= 3 * KEYS / 1000, "scattered, a few passes are enough");
    bucket->lists = 0;
    check(look_all(bucket, 2 * KEYS, descending) > KEYS, "descending, most keys are told");
    bucket->lists = 0;
    bucket->page = 20; /* a store with small pages: each covers one key */
    check(look_all(bucket, KEYS / 20, sparse) < KEYS / 40, "sparse keys are not asked for");
    check(bucket->lists < 40, "listing that does not help ends");
    free(bucket);
}

static void check_times(void)
{
    struct bucket *bucket = make_bucket(10, 1000);
    struct s3_pages pages;
    struct s3_known known;
    s3_pages_begin(&pages, SPAN("a/"));
    check(look(bucket, &pages, "a/00000002", &known) == S3_PRESENT, "a key is there");
    check_span(known.etag, "00000000000000000000000000000001", "its ETag");
    check(s3_pages_find(&pages, SPAN("a/00000004"), S3_PAGES_AGE, &known) == S3_PRESENT,
          "and so is another one, a minute later");
    s3_pages_forget(&pages, SPAN("a/00000004"));
    check(s3_pages_find(&pages, SPAN("a/00000004"), 2, &known) == S3_UNASKED,
          "what was replaced is not told");
    check(s3_pages_find(&pages, SPAN("a/00000006"), S3_PAGES_AGE + 2, &known) == S3_UNKNOWN,
          "an old page is not believed");
    s3_pages_failed(&pages);
    check(s3_pages_find(&pages, SPAN("a/00000006"), S3_PAGES_AGE + 2, &known) == S3_UNASKED,
          "after a failure the next keys are not asked for");
    s3_pages_end(&pages);
    free(bucket);
}

static void check_answers(void)
{
    static const char head[] = "<ListBucketResult><IsTruncated>true</IsTruncated>";
    static const struct {
        const char *contents;
        enum s3_pages_added added;
    } known[] = {
        {"<Contents><Key>b</Key><Size>1</Size></Contents></ListBucketResult>", S3_PAGES_ADDED},
        {"<Contents><Key>c</Key><Size>1</Size></Contents><Contents><Key>b</Key><Size>1</Size>"
         "</Contents></ListBucketResult>",
         S3_PAGES_DISORDER},
        {"<Contents><Key>a</Key><Size>1</Size></Contents></ListBucketResult>", S3_PAGES_DISORDER},
        {"<Contents><Key>b</Key><Size>1</Size></Contents>", S3_PAGES_UNREADABLE},
        {"<CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes></ListBucketResult>",
         S3_PAGES_UNREADABLE},
        {"</ListBucketResult>", S3_PAGES_UNREADABLE}, /* more follow, but after what? */
    };
    struct s3_pages pages;
    struct s3_known unused;
    char query[S3_LIST_QUERY_MAX], document[400];
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        s3_pages_begin(&pages, SPAN(""));
        check(s3_pages_find(&pages, SPAN("b"), 1, &unused) == S3_UNKNOWN,
              "at first all is unknown");
        s3_pages_query(&pages, SPAN("b"), query);
        snprintf(document, sizeof document, "%s%s", head, known[i].contents);
        check(s3_pages_add(&pages, span_of(document), 1) == known[i].added, known[i].contents);
        s3_pages_end(&pages);
    }
}

/* --- Signature version 2 --- */

/* The examples of Amazon's "Signing and authenticating REST requests", except its DELETE with
 * x-amz-date, which the page signs as if it was the Date. */
static void check_signatures(void)
{
    enum { HEADERS = 10 };
    static const struct {
        const char *method, *bucket, *path, *query;
        const char *header[HEADERS];
        const char *text, *signature;
    } known[] = {
        {"GET",
         "awsexamplebucket1",
         "/photos/puppy.jpg",
         "",
         {"Host: awsexamplebucket1.us-west-1.s3.amazonaws.com",
          "Date: Tue, 27 Mar 2007 19:36:42 +0000"},
         "GET\n\n\nTue, 27 Mar 2007 19:36:42 +0000\n/awsexamplebucket1/photos/puppy.jpg",
         "qgk2+6Sv9/oM7G3qLEjTH1a1l1g="},
        {"PUT",
         "awsexamplebucket1",
         "/photos/puppy.jpg",
         "",
         {"Content-Type: image/jpeg", "Content-Length: 94328",
          "Host: awsexamplebucket1.s3.us-west-1.amazonaws.com",
          "Date: Tue, 27 Mar 2007 21:15:45 +0000"},
         "PUT\n\nimage/jpeg\nTue, 27 Mar 2007 21:15:45 +0000\n"
         "/awsexamplebucket1/photos/puppy.jpg",
         "iqRzw+ileNPu1fhspnRs8nOjjIA="},
        {"GET",
         "awsexamplebucket1",
         "/",
         "prefix=photos&max-keys=50&marker=puppy",
         {"User-Agent: Mozilla/5.0", "Date: Tue, 27 Mar 2007 19:42:41 +0000"},
         "GET\n\n\nTue, 27 Mar 2007 19:42:41 +0000\n/awsexamplebucket1/",
         "m0WP8eCtspQl5Ahe6L1SozdX9YA="},
        {"GET",
         "awsexamplebucket1",
         "/",
         "acl",
         {"Date: Tue, 27 Mar 2007 19:44:46 +0000"},
         "GET\n\n\nTue, 27 Mar 2007 19:44:46 +0000\n/awsexamplebucket1/?acl",
         "82ZHiFIjc+WbcwFKGUVEQspPn+0="},
        {"DELETE",
         NULL,
         "/awsexamplebucket1/photos/puppy.jpg",
         "",
         {"User-Agent: dotnet", "Date: Tue, 27 Mar 2007 21:20:26 +0000"},
         "DELETE\n\n\nTue, 27 Mar 2007 21:20:26 +0000\n/awsexamplebucket1/photos/puppy.jpg",
         "XbyTlbQdu9Xw5o8P4iMwPktxQd8="},
        {"PUT",
         "static.example.com",
         "/db-backup.dat.gz",
         "",
         {"Date: Tue, 27 Mar 2007 21:06:08 +0000", "x-amz-acl: public-read",
          "content-type: application/x-download",
          "Content-MD5: 4gJE4saaMU4BqNR0kLY+lw==", "X-Amz-Meta-ReviewedBy: joe@example.com",
          "X-Amz-Meta-ReviewedBy: jane@example.com", "X-Amz-Meta-FileChecksum: 0x02661779",
          "X-Amz-Meta-ChecksumAlgorithm: crc32", "Content-Encoding: gzip"},
         "PUT\n4gJE4saaMU4BqNR0kLY+lw==\napplication/x-download\n"
         "Tue, 27 Mar 2007 21:06:08 +0000\nx-amz-acl:public-read\n"
         "x-amz-meta-checksumalgorithm:crc32\nx-amz-meta-filechecksum:0x02661779\n"
         "x-amz-meta-reviewedby:joe@example.com,jane@example.com\n"
         "/static.example.com/db-backup.dat.gz",
         "jtBQa0Aq+DkULFI8qrpwIjGEx0E="},
        {"GET",
         NULL,
         "/",
         "",
         {"Host: s3.us-west-1.amazonaws.com", "Date: Wed, 28 Mar 2007 01:29:59 +0000"},
         "GET\n\n\nWed, 28 Mar 2007 01:29:59 +0000\n/",
         "qGdzdERIC03wnaRNKh6OqZehG9s="},
        {"GET",
         NULL,
         "/dictionary/fran%C3%A7ais/pr%c3%a9f%c3%a8re",
         "",
         {"Host: s3.us-west-1.amazonaws.com", "Date: Wed, 28 Mar 2007 01:49:49 +0000"},
         "GET\n\n\nWed, 28 Mar 2007 01:49:49 +0000\n/dictionary/fran%C3%A7ais/pr%c3%a9f%c3%a8re",
         "DNEZGsoieTZ92F3bUfSPQcbGmlM="},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct curl_slist *headers = NULL;
        char signature[S3_V2_SIGNATURE] = "";
        size_t len = 0;
        for (size_t k = 0; k < HEADERS && known[i].header[k] != NULL; k++)
            headers = curl_slist_append(headers, known[i].header[k]);
        char *text = s3_v2_text(
            &(struct s3_v2_request){
                .method = known[i].method,
                .bucket = known[i].bucket,
                .path = span_of(known[i].path),
                .query = span_of(known[i].query),
                .headers = headers,
            },
            &len);
        check_span((struct span){text, len}, known[i].text, "what is signed");
        s3_v2_sign((struct span){text, len}, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", signature);
        check_span(span_of(signature), known[i].signature, "the signature");
        free(text);
        curl_slist_free_all(headers);
    }
}

/* Parameters that are part of the resource are sorted, others are left out; Amazon's own date
 * header replaces Date. */
static void check_resource(void)
{
    struct curl_slist token = {(char *)(uintptr_t) "x-amz-security-token: t", NULL};
    struct curl_slist date = {(char *)(uintptr_t) "X-Amz-Date: later", &token};
    struct curl_slist other = {(char *)(uintptr_t) "Date: now", &date};
    size_t len = 0;
    char *text = s3_v2_text(
        &(struct s3_v2_request){
            .method = "PUT",
            .path = SPAN("/b/k"),
            .query = SPAN("uploadId=x%2By&list-type=2&partNumber=1&acl2=no"),
            .headers = &other,
        },
        &len);
    check_span((struct span){text, len},
               "PUT\n\n\n\nx-amz-date:later\nx-amz-security-token:t\n"
               "/b/k?partNumber=1&uploadId=x%2By",
               "what is signed");
    free(text);
}

int main(void)
{
    check_signatures();
    check_resource();
    check_before();
    check_orders();
    check_times();
    check_answers();
    return check_report();
}
