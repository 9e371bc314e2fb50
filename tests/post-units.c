/* post-units: checks of audit-post's functions that need no network: URLs, header fields.
 *
 * Prints each check that fails, and how many there were; status 1 if any failed. */
#include "config.h"

#include "base/secret.h"
#include "check.h"
#include "deliver/header.h"
#include "deliver/url.h"

#include <stdio.h>
#include <stdlib.h>

static void check_parts(void)
{
    struct url url;
    check(url_parse(&url, "HTTPS://u:p%40w@Log.Example:8443/a%20b?x=1#y"), "a URL with all parts");
    check(url.https, "https in capital letters");
    check_text(url.user, "u", "user");
    check_text(url.password, "p%40w", "password");
    check_text(url.port, "8443", "port");
    check_text(url.path, "/a%20b", "path");
    check_text(url.query, "x=1", "query");
    check_text(url.fragment, "y", "fragment");
    url_free(&url);
    check_text(url.host, NULL, "host after url_free()");
    check(url_parse(&url, "http://[::1]"), "a URL with the least of parts");
    check_text(url.host, "[::1]", "host");
    check_text(url.port, NULL, "no port");
    check_text(url.path, "/", "no path");
    check_text(url.query, NULL, "no query");
    url_free(&url);
    static const char *const others[] = {"",           "ftp://a/", "file:///etc/passwd",
                                         "a.example",  "http://",  "http://a:99999/",
                                         "http://a b/"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        check(!url_parse(&url, others[i]), others[i]);
}

static void check_loopback(void)
{
    static const struct {
        const char *text;
        bool loopback;
    } urls[] = {
        {"http://localhost/", true},        {"http://LOCALHOST:80/", true},
        {"http://a.localhost/", true},      {"http://127.0.0.1/", true},
        {"http://127.8.9.1:1/", true},      {"http://[::1]:8088/", true},
        {"http://notlocalhost/", false},    {"http://localhost.example/", false},
        {"http://127.0.0.1.nip.io", false}, {"http://10.0.0.1/", false},
        {"http://[fe80::1]/", false},
    };
    struct url url;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        check(url_parse(&url, urls[i].text), urls[i].text);
        check(url_is_loopback(&url) == urls[i].loopback, urls[i].text);
        url_free(&url);
    }
}

static void check_shown(void)
{
    char shown[64];
    const char *text = "https://u:pw@a.example:8443/secret/path?key=s3cret";
    check_text(url_show(text, true, shown, sizeof shown), "https://a.example:8443/secret/path",
               "shown with its path");
    check_text(url_show(text, false, shown, sizeof shown), "https://a.example:8443",
               "shown without its path");
    check_text(url_show("http://u:pw@a:99999/", true, shown, sizeof shown), "the URL",
               "shown although it is none");
    char *longer = url_add_parameter("http://a/b?c=d", "key", "a&b =\xc3\xa4");
    check_text(longer, "http://a/b?c=d&key=a%26b+%3d%c3%a4", "a parameter more");
    secret_free(longer);
    check_text(url_add_parameter("http://a:99999", "key", "x"), NULL, "a parameter of no URL");
}

static void check_fields(void)
{
    struct curl_slist *list = NULL;
    struct reason reason;
    check(header_is_name(span_of("X-Scope-OrgID")), "a field's name");
    check(!header_is_name(span_of("X Scope")) && !header_is_name(span_of("")), "no field's name");
    check(header_is_value(span_of("a\tb \xc3\xa4")), "a field's value");
    check(!header_is_value(span_of("a\r\nb: c")) && !header_is_value(span_of("\x7f")),
          "no field's value");
    check(header_add(&list, "Authorization", "Bearer ", "t"), "a field with a prefix");
    check(header_add_argument(&list, "A: b", &reason), "a field from the command line");
    check(!header_add_argument(&list, "s3cret", &reason) && strstr(reason.text, "s3cret") == NULL,
          "a field without a name, which is not shown");
    check_text(list->data, "Authorization: Bearer t", "first field");
    check_text(list->next->data, "A: b", "second field");
    check(list->next->next == NULL, "two fields");
    header_free(list);
}

int main(void)
{
    check_parts();
    check_loopback();
    check_shown();
    check_fields();
    return check_report();
}
