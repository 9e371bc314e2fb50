/* audit-s3put: puts each addressed event into an S3 bucket, as one object. */
#include "config.h"

#include "base/tool.h"
#include "deliver/deliver.h"
#include "deliver/header.h"
#include "deliver/sender.h"
#include "s3/s3.h"

struct settings {
    struct s3_options s3;
    int compression;
    int existing; /* an index of existing_names */
};

static struct filter filter = FILTER;
static struct deliver_options deliver = DELIVER_OPTIONS;
static struct sender_options sending = SENDER_OPTIONS;
/* radosgw sends the header and the body of a 412 separately. */
static struct http_options http = {.quick_ack = true};
static struct settings settings = {
    .s3 = {.prefix = "", .suffix = "", .store = {.put = {.content_type = "application/json"}}},
};

/* Whether the value can be signed: libcurl signs it unchanged, but the store trims it and joins
 * several spaces into one. */
static bool is_field_value(const char *value, struct reason *reason)
{
    return (header_is_value(span_of(value)) && *value != '\0' && *value != ' ' &&
            value[strlen(value) - 1] != ' ' && strstr(value, "  ") == NULL &&
            strchr(value, '\t') == NULL) ||
           reason_set(reason, "not a value for a header");
}

static bool parse_content_type(void *context, const char *value, struct reason *reason)
{
    ((struct settings *)context)->s3.store.put.content_type = value;
    return is_field_value(value, reason);
}

static bool parse_acl(void *context, const char *value, struct reason *reason)
{
    ((struct settings *)context)->s3.store.put.acl = value;
    return is_field_value(value, reason);
}

static bool parse_storage_class(void *context, const char *value, struct reason *reason)
{
    ((struct settings *)context)->s3.store.put.storage_class = value;
    return is_field_value(value, reason);
}

/* AES256, aws:kms, or aws:kms:KEY-ID. */
static bool parse_sse(void *context, const char *value, struct reason *reason)
{
    struct s3_put_options *put = &((struct settings *)context)->s3.store.put;
    put->kms_key = NULL;
    put->sse = strcmp(value, "AES256") == 0 ? value : "aws:kms";
    if (strncmp(value, "aws:kms:", 8) == 0 && value[8] != '\0')
        put->kms_key = value + 8;
    else if (strcmp(value, put->sse) != 0)
        return reason_set(reason, "not AES256, aws:kms or aws:kms:KEY-ID");
    return is_field_value(value, reason);
}

static void send_all(struct service *service)
{
    static struct sender sender;
    if (!sender_begin(&sender, service, &sending, &http))
        return;
    deliver_run(&filter, &sender.sink, &deliver);
    sender_end(&sender);
}

static int run(char **operand, size_t operands)
{
    static struct s3 s3;
    struct s3_options *options = &settings.s3;
    options->store.put.gzip = settings.compression == 1;
    options->list = settings.existing == 1;
    if (options->store.bucket == NULL)
        return options_usage("no bucket; give --bucket");
    if (sending.dry_run && deliver.tee != LEDGER_TEE_NONE)
        return options_usage("--dry-run and --tee both write to standard output; give one");
    if (s3_begin(&s3, options, sending.dry_run) && filter_begin(&filter, operand, operands)) {
        if (sending.cacert == NULL)
            sending.cacert = s3_store_ca_bundle(&s3.store);
        send_all(&s3.service);
    }
    s3_end(&s3);
    return filter_end(&filter);
}

static const char *const existing_names[] = {"put", "list", NULL};
static const char *const compression_names[] = {"none", "gzip", NULL};

static const struct option_line options[] = {
    {.name = "prefix",
     .argument = "TEXT",
     .help = "put TEXT before each key",
     OPTION_TEXT(struct settings, s3.prefix)},
    {.name = "suffix",
     .argument = "TEXT",
     .help = "put TEXT after each key",
     OPTION_TEXT(struct settings, s3.suffix)},
    {.name = "content-type",
     .argument = "TYPE",
     .help = "of the objects (default application/json)",
     OPTION_CALL(parse_content_type)},
    {.name = "compress",
     .argument = "HOW",
     .help = "compress objects; Content-Encoding says so",
     OPTION_CHOICE(struct settings, compression, compression_names)},
    {.name = "acl",
     .argument = "NAME",
     .help = "a canned ACL, like bucket-owner-full-control",
     OPTION_CALL(parse_acl)},
    {.name = "storage-class",
     .argument = "NAME",
     .help = "like STANDARD_IA or GLACIER_IR",
     OPTION_CALL(parse_storage_class)},
    {.name = "sse",
     .argument = "HOW",
     .help = "encrypt there: AES256, aws:kms or aws:kms:KEY-ID",
     OPTION_CALL(parse_sse)},
    {.name = "no-overwrite",
     .help = "leave an object that is there already",
     OPTION_FLAG(struct settings, s3.store.put.no_overwrite)},
    {.name = "existing",
     .argument = "HOW",
     .help = "list: list existing objects and do not put them\nagain; put (default): put every "
             "event",
     OPTION_CHOICE(struct settings, existing, existing_names)},
    {.name = "content-md5",
     .help = "send Content-MD5 too, as Object Lock asks for",
     OPTION_FLAG(struct settings, s3.store.put.content_md5)},
    {.name = NULL},
};

static const struct tool tool = {
    .name = "audit-s3put",
    .operands = "--bucket=NAME [OPTION]... [FILE]...",
    .summary = "Put addressed events into an S3 bucket, one object an event, and lose none.",
    .options = {{s3_store_options, &settings.s3.store},
                {options, &settings},
                {sender_options, &sending},
                {deliver_options, &deliver},
                {filter_options, &filter}},
    .run = run,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
