/* audit-s3put: puts each addressed event into an S3 bucket, as one object. */
#include "config.h"

#include "deliver/header.h"
#include "s3/s3.h"
#include "s3/s3_signature.h"

#include <getopt.h>
#include <stdlib.h>

/* First the options whose argument is kept as it stands. */
enum {
    OPTION_BUCKET = 256,
    OPTION_REGION,
    OPTION_ENDPOINT,
    OPTION_ADDRESSING,
    OPTION_PREFIX,
    OPTION_SUFFIX,
    OPTION_PROFILE,
    OPTION_SIGNATURE,
    OPTION_CONTENT_TYPE,
    OPTION_COMPRESS,
    OPTION_ACL,
    OPTION_STORAGE_CLASS,
    OPTION_SSE,
    TEXT_OPTIONS_END,
    OPTION_NO_OVERWRITE = TEXT_OPTIONS_END,
    OPTION_CONTENT_MD5,
};

static const struct option_line lines[] = {
    {OPTION_BUCKET, "bucket", "NAME", "the bucket"},
    {OPTION_REGION, "region", "NAME",
     "its region (else $AWS_REGION, the profile's,\nor us-east-1)"},
    {OPTION_ENDPOINT, "endpoint", "URL",
     "the store, where that is not AWS (else\n$AWS_ENDPOINT_URL_S3)"},
    {OPTION_ADDRESSING, "addressing", "HOW",
     "virtual (BUCKET.HOST), path (HOST/BUCKET), or auto:\nvirtual at AWS, path elsewhere"},
    {OPTION_PREFIX, "prefix", "TEXT", "put TEXT before each key"},
    {OPTION_SUFFIX, "suffix", "TEXT", "put TEXT after each key"},
    {OPTION_PROFILE, "profile", "NAME", "the profile in ~/.aws (else $AWS_PROFILE)"},
    {OPTION_SIGNATURE, "signature", "VERSION", "sign by version v4 (default) or v2"},
    {OPTION_CONTENT_TYPE, "content-type", "TYPE", "of the objects (default application/json)"},
    {OPTION_COMPRESS, "compress", "HOW", "none or gzip, which is the Content-Encoding then"},
    {OPTION_ACL, "acl", "NAME", "a canned ACL, like bucket-owner-full-control"},
    {OPTION_STORAGE_CLASS, "storage-class", "NAME", "like STANDARD_IA or GLACIER_IR"},
    {OPTION_SSE, "sse", "HOW", "encrypt there: AES256, aws:kms or aws:kms:KEY-ID"},
    {OPTION_NO_OVERWRITE, "no-overwrite", NULL, "leave an object that is there already"},
    {OPTION_CONTENT_MD5, "content-md5", NULL, "send Content-MD5 too, as Object Lock asks for"},
    {0, NULL, NULL, NULL},
};

static const struct program program = {
    .name = "audit-s3put",
    .operands = "--bucket=NAME [OPTION]... [FILE]...",
    .summary = "Put addressed events into an S3 bucket, one object an event, and lose none.",
    .line = lines,
    .also = deliver_options,
    .more = filter_options,
};

struct settings {
    struct deliver_options deliver;
    struct http_options http;
    struct s3_options s3;
    const char *text[TEXT_OPTIONS_END - OPTION_BUCKET];
};

static const char *text(const struct settings *s, int id)
{
    return s->text[id - OPTION_BUCKET];
}

/* False: the program ends, with diag_exit_status(). */
static bool read_options(struct settings *s, struct filter *filter, int argc, char **argv)
{
    const char *value;
    int id;
    bool taken = true;
    while (taken && (id = options_next(&program, argc, argv, &value)) != OPTIONS_END) {
        if (id >= OPTION_BUCKET && id < TEXT_OPTIONS_END)
            s->text[id - OPTION_BUCKET] = value;
        else if (id == OPTION_NO_OVERWRITE)
            s->s3.no_overwrite = true;
        else if (id == OPTION_CONTENT_MD5)
            s->s3.content_md5 = true;
        else
            taken = deliver_option(&s->deliver, filter, id, value);
    }
    return taken;
}

/* The first choice where the option was not given; -1 after a usage error. */
static int choose(const struct settings *s, int id, const char *option, const char *const names[])
{
    const char *value = text(s, id);
    return value != NULL ? options_choice(option, value, names) : 0;
}

static bool set_choices(struct settings *s)
{
    static const char *const addressings[] = {"auto", "virtual", "path", NULL};
    static const char *const signatures[] = {"v4", "v2", NULL};
    static const char *const compressions[] = {"none", "gzip", NULL};
    int addressing = choose(s, OPTION_ADDRESSING, "addressing", addressings);
    int signature = choose(s, OPTION_SIGNATURE, "signature", signatures);
    int compression = choose(s, OPTION_COMPRESS, "compress", compressions);
    s->s3.addressing = (enum s3_addressing)addressing;
    s->s3.signature = signature == 1 ? &s3_v2 : &s3_v4;
    s->s3.gzip = compression == 1;
    return addressing >= 0 && signature >= 0 && compression >= 0;
}

/* AES256, aws:kms, or aws:kms:KEY-ID. */
static bool set_sse(struct settings *s)
{
    const char *sse = text(s, OPTION_SSE);
    if (sse == NULL)
        return true;
    s->s3.sse = strcmp(sse, "AES256") == 0 ? sse : "aws:kms";
    if (strncmp(sse, "aws:kms:", 8) == 0 && sse[8] != '\0') {
        s->s3.kms_key = sse + 8;
    } else if (strcmp(sse, s->s3.sse) != 0) {
        options_usage("--sse=%s: not AES256, aws:kms or aws:kms:KEY-ID", sse);
        return false;
    }
    return true;
}

/* Whether it may be a header's value: libcurl signs it as it stands, the store as it reads it,
 * which is without spaces at its ends and with one where there are several. */
static bool check_value(const struct settings *s, int id, const char *option)
{
    const char *value = text(s, id);
    if (value == NULL || (header_is_value(span_of(value)) && *value != '\0' && *value != ' ' &&
                          value[strlen(value) - 1] != ' ' && strstr(value, "  ") == NULL &&
                          strchr(value, '\t') == NULL))
        return true;
    options_usage("--%s: not a value for a header", option);
    return false;
}

static bool set_texts(struct settings *s)
{
    const char *type = text(s, OPTION_CONTENT_TYPE);
    if (!check_value(s, OPTION_CONTENT_TYPE, "content-type") ||
        !check_value(s, OPTION_ACL, "acl") ||
        !check_value(s, OPTION_STORAGE_CLASS, "storage-class") ||
        !check_value(s, OPTION_SSE, "sse"))
        return false;
    s->s3.bucket = text(s, OPTION_BUCKET);
    s->s3.region = text(s, OPTION_REGION);
    s->s3.endpoint = text(s, OPTION_ENDPOINT);
    s->s3.prefix = text(s, OPTION_PREFIX) != NULL ? text(s, OPTION_PREFIX) : "";
    s->s3.suffix = text(s, OPTION_SUFFIX) != NULL ? text(s, OPTION_SUFFIX) : "";
    s->s3.profile = text(s, OPTION_PROFILE);
    s->s3.content_type = type != NULL ? type : "application/json";
    s->s3.acl = text(s, OPTION_ACL);
    s->s3.storage_class = text(s, OPTION_STORAGE_CLASS);
    if (s->s3.bucket == NULL)
        options_usage("no bucket; give --bucket");
    else if (s->deliver.dry_run && s->deliver.tee)
        options_usage("--dry-run and --tee both write to standard output; give one");
    else
        return true;
    return false;
}

int main(int argc, char **argv)
{
    static struct filter filter;
    static struct settings s;
    static struct s3 s3;
    filter_init(&filter, program.name);
    deliver_options_init(&s.deliver);
    s.http.quick_ack =
        true; /* radosgw sends the header and the body of a 412 one after the other */
    if (read_options(&s, &filter, argc, argv) && set_choices(&s) && set_sse(&s) && set_texts(&s)) {
        if (s3_begin(&s3, &s.s3, s.deliver.dry_run) &&
            filter_begin(&filter, argv + optind, (size_t)(argc - optind))) {
            if (s.deliver.cacert == NULL)
                s.deliver.cacert = s3_ca_bundle(&s3);
            deliver_run(&filter, &s3.service, &s.deliver, &s.http);
        }
        s3_end(&s3);
    }
    return filter_end(&filter);
}
