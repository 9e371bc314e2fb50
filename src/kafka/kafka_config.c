#include "config.h"

#include "base/nearest.h"
#include "base/redact.h"
#include "kafka/kafka_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { VALUE = 8192 }; /* bytes of the longest value that is read back */

static bool parse_topic(void *context, const char *value, struct reason *reason)
{
    ((struct kafka_options *)context)->topic = value;
    return kafka_config_is_topic(value, reason);
}

const struct option_line kafka_options[] = {
    {.name = "brokers",
     .argument = "HOST:PORT[,...]",
     .help = "some brokers of the cluster, to find the others by",
     OPTION_TEXT(struct kafka_options, brokers)},
    {.name = "topic", .argument = "NAME", .help = "the topic", OPTION_CALL(parse_topic)},
    {.name = "config",
     .argument = "FILE",
     .help = "properties of librdkafka, NAME=VALUE a line: TLS, SASL",
     OPTION_TEXT(struct kafka_options, file)},
    {.name = NULL},
};

bool kafka_config_is_topic(const char *name, struct reason *reason)
{
    enum { LONGEST = 249 };
    size_t len = strlen(name);
    if (len == 0 || len > LONGEST || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return reason_set(reason, "not a topic's name, which has 1 to %d characters", LONGEST);
    if (strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") != len)
        return reason_set(reason,
                          "not a topic's name, which has letters, digits, '.', '_' and '-'");
    return true;
}

/* Whether messages must not show the property's value. */
static bool is_secret(const char *name)
{
    return strstr(name, "password") != NULL || strstr(name, "secret") != NULL ||
           strcmp(name, "ssl.key.pem") == 0 || strcmp(name, "sasl.oauthbearer.config") == 0;
}

/* "; did you mean ...?" for an unknown property. */
static void suggest(const rd_kafka_conf_t *conf, const char *name, char message[NEAREST_MESSAGE])
{
    struct nearest nearest;
    size_t count;
    rd_kafka_conf_t *copy = rd_kafka_conf_dup(conf);
    const char **dump = rd_kafka_conf_dump(copy, &count);
    nearest_begin(&nearest, span_of(name));
    for (size_t i = 0; i + 1 < count; i += 2)
        nearest_offer(&nearest, span_of(dump[i]));
    nearest_message(&nearest, message);
    rd_kafka_conf_dump_free(dump, count);
    rd_kafka_conf_destroy(copy);
}

/* Sets a property; messages begin with `where`. */
static bool set(rd_kafka_conf_t *conf, const char *where, const char *name, const char *value)
{
    char error[512], near[NEAREST_MESSAGE];
    struct printable shown;
    if (is_secret(name) && !redact_add(span_of(value))) {
        diag_fail("%s", strerror(ENOMEM));
        return false;
    }
    switch (rd_kafka_conf_set(conf, name, value, error, sizeof error)) {
    case RD_KAFKA_CONF_OK:
        return true;
    case RD_KAFKA_CONF_UNKNOWN:
        suggest(conf, name, near);
        diag_fail("%s: librdkafka has no property %s%s%s", where,
                  diag_printable(span_of(name), &shown), near[0] != '\0' ? "; " : "", near);
        return false;
    default:
        diag_fail("%s: %s", where, error);
        return false;
    }
}

static bool set_all(rd_kafka_conf_t *conf, const char *where, const struct kafka_property *property)
{
    for (; property->name != NULL; property++)
        if (property->value != NULL && !set(conf, where, property->name, property->value))
            return false;
    return true;
}

static char *trim(char *text)
{
    text += strspn(text, " \t\r\n");
    size_t len = strlen(text);
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
        len--;
    text[len] = '\0';
    return text;
}

static bool is_among(const struct kafka_property *property, const char *name)
{
    for (; property->name != NULL; property++)
        if (strcmp(property->name, name) == 0)
            return true;
    return false;
}

/* Parses a line: NAME=VALUE, a comment that begins with '#', or an empty line. */
static bool set_line(rd_kafka_conf_t *conf, const char *where, char *line,
                     const struct kafka_property *fixed)
{
    char *name = trim(line);
    if (*name == '\0' || *name == '#')
        return true;
    char *equals = strchr(name, '=');
    if (equals == NULL) {
        diag_fail("%s: the line is not NAME=VALUE", where);
        return false;
    }
    *equals = '\0';
    name = trim(name);
    if (is_among(fixed, name)) {
        diag_fail("%s: %s cannot be set here: %s relies on its own value", where, name,
                  diag_program());
        return false;
    }
    return set(conf, where, name, trim(equals + 1));
}

static bool read_file(rd_kafka_conf_t *conf, const char *name, const struct kafka_property *fixed)
{
    char *line = NULL;
    size_t size = 0;
    bool good = true;
    FILE *file = fopen(name, "re");
    if (file == NULL) {
        diag_fail("%s: %s", name, strerror(errno));
        return false;
    }
    errno = 0;
    for (size_t number = 1; good && getline(&line, &size, file) >= 0; number++) {
        struct reason where;
        reason_set(&where, "%s:%zu", name, number);
        good = set_line(conf, where.text, line, fixed);
    }
    if (good && !feof(file)) {
        diag_fail("%s: %s", name, strerror(errno));
        good = false;
    }
    if (line != NULL)
        explicit_bzero(line, size);
    free(line);
    fclose(file);
    return good;
}

static bool read_environment(rd_kafka_conf_t *conf)
{
    const char *username = getenv(KAFKA_CONFIG_USERNAME), *password = getenv(KAFKA_CONFIG_PASSWORD);
    return (username == NULL || set(conf, KAFKA_CONFIG_USERNAME, "sasl.username", username)) &&
           (password == NULL || set(conf, KAFKA_CONFIG_PASSWORD, "sasl.password", password));
}

static bool has_brokers(const struct kafka_options *options, const rd_kafka_conf_t *conf)
{
    size_t size = 0;
    if (options->brokers != NULL && strncmp(options->brokers, "http", 4) == 0 &&
        strstr(options->brokers, "://") != NULL) {
        options_usage("--brokers=%s: a broker is HOST:PORT, and not a URL", options->brokers);
        return false;
    }
    if (rd_kafka_conf_get(conf, "bootstrap.servers", NULL, &size) == RD_KAFKA_CONF_OK && size > 1)
        return true;
    options_usage("no brokers; give --brokers, or bootstrap.servers in the file of --config");
    return false;
}

rd_kafka_conf_t *kafka_config(const struct kafka_options *options,
                              const struct kafka_property *defaults,
                              const struct kafka_property *fixed,
                              const struct kafka_property *given)
{
    /* Logs arrive when we poll, in our thread. */
    const struct kafka_property ours[] = {{"log.queue", "true"}, {NULL, NULL}};
    const struct kafka_property brokers[] = {{"bootstrap.servers", options->brokers}, {NULL, NULL}};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (set_all(conf, "default", defaults) &&
        (options->file == NULL || read_file(conf, options->file, fixed)) &&
        read_environment(conf) && set_all(conf, "--brokers", brokers) &&
        set_all(conf, "option", given) && set_all(conf, "fixed", fixed) &&
        set_all(conf, "fixed", ours) && has_brokers(options, conf))
        return conf;
    rd_kafka_conf_destroy(conf);
    return NULL;
}

long kafka_config_number(const rd_kafka_conf_t *conf, const char *name)
{
    char value[VALUE];
    size_t size = sizeof value;
    if (rd_kafka_conf_get(conf, name, value, &size) != RD_KAFKA_CONF_OK)
        return 0;
    return strtol(value, NULL, 10);
}
