#include "config.h"

#include "deliver/url.h"
#include "s3/s3_address.h"

#include <arpa/inet.h>

#include <stdio.h>

/* False with a reason: a bucket cannot have this name.  The oldest buckets, and those of other
 * stores, may have names with capital letters and underscores. */
static bool check_bucket(const char *bucket, bool virtual_host, struct reason *reason)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
    static const char more[] = "abcdefghijklmnopqrstuvwxyz0123456789-._ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    struct printable shown;
    size_t len = strlen(bucket), most = virtual_host ? 63 : 255;
    const char *name = diag_printable(span_of(bucket), &shown);
    if (strncmp(bucket, "s3://", 5) == 0)
        return reason_set(
            reason,
            "'%s' is not the name of a bucket: give it without s3://, and what follows "
            "it as --prefix",
            name);
    if (len < 3 || len > most)
        return reason_set(reason, "'%s' is not the name of a bucket: it has 3 to %zu characters",
                          name, most);
    if (bucket[strspn(bucket, virtual_host ? letters : more)] != '\0' || bucket[0] == '.' ||
        bucket[0] == '-')
        return reason_set(reason,
                          "'%s' is not the name of a bucket: it has %sletters, digits, '-' "
                          "and '.', a letter or digit first",
                          name, virtual_host ? "small " : "");
    return true;
}

/* Whether a host is an IP address, so that no name can be put before it. */
static bool is_address(const char *host)
{
    struct in_addr address;
    return host[0] == '[' || inet_pton(AF_INET, host, &address) == 1;
}

static bool take_parts(struct s3_address *address, const struct url *url, bool *by_address,
                       struct reason *reason)
{
    if (strlen(url->host) > 250)
        return reason_set(reason, "not a URL");
    if (url->query != NULL || url->fragment != NULL || url->user != NULL ||
        strcmp(url->path, "/") != 0)
        return reason_set(reason,
                          "an endpoint is a scheme and a host, perhaps a port, and nothing more");
    address->https = url->https;
    *by_address = is_address(url->host);
    snprintf(address->host, sizeof address->host, "%s%s%s", url->host, url->port != NULL ? ":" : "",
             url->port != NULL ? url->port : "");
    return true;
}

static bool read_endpoint(struct s3_address *address, const char *endpoint, bool *by_address,
                          struct reason *reason)
{
    struct url url;
    if (strncasecmp(endpoint, "http://", 7) != 0 && strncasecmp(endpoint, "https://", 8) != 0)
        return reason_set(reason, "an endpoint begins with https:// or http://");
    if (!url_parse(&url, endpoint))
        return reason_set(reason, "not a URL");
    bool taken = take_parts(address, &url, by_address, reason);
    url_free(&url);
    return taken;
}

static bool aws_endpoint(struct s3_address *address, const char *region, struct reason *reason)
{
    struct printable shown;
    if (*region == '\0' || strlen(region) > 40 ||
        region[strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0')
        return reason_set(reason, "'%s' is not a region of AWS",
                          diag_printable(span_of(region), &shown));
    address->https = true;
    snprintf(address->host, sizeof address->host, "s3.%s.amazonaws.com%s", region,
             strncmp(region, "cn-", 3) == 0 ? ".cn" : "");
    return true;
}

bool s3_address_set(struct s3_address *address, const char *endpoint, const char *region,
                    const char *bucket, enum s3_addressing addressing, struct reason *reason)
{
    bool by_address = false;
    *address = (struct s3_address){.bucket = bucket};
    if (endpoint == NULL ? !aws_endpoint(address, region, reason)
                         : !read_endpoint(address, endpoint, &by_address, reason))
        return false;
    address->virtual_host =
        addressing == S3_ADDRESSING_VIRTUAL ||
        (addressing == S3_ADDRESSING_AUTO && endpoint == NULL && strchr(bucket, '.') == NULL);
    if (addressing == S3_ADDRESSING_VIRTUAL && by_address)
        return reason_set(reason, "an IP address cannot have the bucket's name before it; use "
                                  "--addressing=path");
    if (!check_bucket(bucket, address->virtual_host, reason))
        return false;
    const char *scheme = address->https ? "https" : "http";
    if (address->virtual_host)
        snprintf(address->base, sizeof address->base, "%s://%s.%s/", scheme, bucket, address->host);
    else
        snprintf(address->base, sizeof address->base, "%s://%s/%s/", scheme, address->host, bucket);
    address->path_at = (size_t)(strchr(address->base + strlen(scheme) + 3, '/') - address->base);
    return true;
}

static bool is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

char *s3_address_encode(struct span bytes, bool slashes, char *to)
{
    static const char digit[] = "0123456789ABCDEF";
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char byte = (unsigned char)bytes.at[i];
        if (is_unreserved(byte) || (slashes && byte == '/')) {
            *to++ = (char)byte;
            continue;
        }
        *to++ = '%';
        *to++ = digit[byte >> 4];
        *to++ = digit[byte & 15];
    }
    return to;
}

void s3_address_url(const struct s3_address *address, struct span key, char url[S3_URL_MAX])
{
    size_t base = strlen(address->base);
    memcpy(url, address->base, base);
    if (key.len > S3_KEY_MAX)
        key.len = S3_KEY_MAX;
    *s3_address_encode(key, true, url + base) = '\0';
}

/* Whether a segment of the key is "." or "..". */
static bool has_dot_segment(const struct span *piece, size_t pieces)
{
    size_t len = 0, dots = 0; /* of the segment so far */
    for (size_t i = 0; i < pieces; i++)
        for (const char *at = piece[i].at, *end = span_end(piece[i]); at < end; at++) {
            if (*at == '/') {
                if (dots == len && (len == 1 || len == 2))
                    return true;
                len = dots = 0;
                continue;
            }
            len++;
            dots += *at == '.';
        }
    return dots == len && (len == 1 || len == 2);
}

bool s3_key_check(const struct span *piece, size_t pieces, struct reason *reason)
{
    size_t len = 0;
    for (size_t i = 0; i < pieces; i++)
        len += piece[i].len;
    if (len == 0)
        return reason_set(reason, "the path is empty");
    if (len > S3_KEY_MAX)
        return reason_set(reason, "the key has %zu bytes; S3 takes %d", len, S3_KEY_MAX);
    if (has_dot_segment(piece, pieces))
        return reason_set(reason, "the key has a part \".\" or \"..\"");
    return true;
}
