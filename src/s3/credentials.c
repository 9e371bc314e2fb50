#include "config.h"

#include "s3/credentials.h"
#include "s3/metadata.h"

#include <stdio.h>
#include <stdlib.h>

/* As the AWS CLI renews them: ten minutes before. */
enum { RENEW_BEFORE = 600 };

/* The variable's value; NULL where it is empty too. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && *value != '\0' ? value : NULL;
}

static void wipe(char *secret)
{
    if (secret != NULL)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

void credentials_free(struct credentials *credentials)
{
    wipe(credentials->access_key);
    wipe(credentials->secret_key);
    wipe(credentials->token);
    *credentials = (struct credentials){0};
}

/* Whether it can stand in a header: visible characters alone. */
static bool is_visible(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text <= 0x20 || *text >= 0x7f)
            return false;
    return true;
}

bool credentials_set(struct credentials *credentials, const char *access_key,
                     const char *secret_key, const char *token, const char *where,
                     struct reason *reason)
{
    *credentials = (struct credentials){.expires = INT64_MAX};
    bool has_id = access_key != NULL && *access_key != '\0';
    if (!has_id || secret_key == NULL || *secret_key == '\0')
        return reason_set(reason, "%s: the %s is missing", where,
                          has_id ? "secret access key" : "access key id");
    /* A key id with a colon or a slash would be parted there when requests are signed. */
    if (!is_visible(access_key) || strpbrk(access_key, ":/") != NULL)
        return reason_set(reason, "%s: the access key id is none", where);
    if (!is_visible(secret_key) || (token != NULL && !is_visible(token)))
        return reason_set(reason, "%s: the %s holds a character that belongs in none", where,
                          is_visible(secret_key) ? "session token" : "secret access key");
    credentials->access_key = strdup(access_key);
    credentials->secret_key = strdup(secret_key);
    credentials->token = token != NULL ? strdup(token) : NULL;
    if (credentials->access_key != NULL && credentials->secret_key != NULL &&
        (token == NULL || credentials->token != NULL))
        return true;
    credentials_free(credentials);
    return reason_set(reason, "no memory");
}

static bool from_environment(struct credentials *credentials, struct reason *reason)
{
    const char *access_key = variable("AWS_ACCESS_KEY_ID");
    const char *secret_key = variable("AWS_SECRET_ACCESS_KEY");
    if (access_key == NULL || secret_key == NULL)
        return reason_set(reason, "$%s is set, $%s is not",
                          access_key == NULL ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID",
                          access_key == NULL ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY");
    return credentials_set(credentials, access_key, secret_key, variable("AWS_SESSION_TOKEN"),
                           "the environment", reason);
}

static bool from_profile(struct credentials *credentials, const struct profile *profile,
                         struct reason *reason)
{
    struct printable shown;
    char where[400];
    snprintf(where, sizeof where, "profile '%s'", diag_printable(span_of(profile->name), &shown));
    return credentials_set(credentials, profile->setting[PROFILE_ACCESS_KEY],
                           profile->setting[PROFILE_SECRET_KEY], profile->setting[PROFILE_TOKEN],
                           where, reason);
}

/* What the profile has in place of credentials that we can use, of the ways that the AWS CLI tries
 * before keys and after them; NULL: nothing. */
static const char *other_way(const struct profile *profile)
{
    bool has_keys = profile->setting[PROFILE_ACCESS_KEY] != NULL;
    for (int s = PROFILE_ROLE; s < PROFILE_SETTINGS; s++)
        if (profile->setting[s] != NULL && !(s == PROFILE_PROCESS && has_keys))
            return profile_setting_name(s);
    return NULL;
}

/* The list of places without credentials. */
static bool found_none(const struct profile *profile, bool by_option, const struct reason *instance,
                       struct reason *reason)
{
    struct printable shown;
    return reason_set(reason,
                      "no credentials: none in %sprofile '%s' of %s and %s, none from a container "
                      "($AWS_CONTAINER_CREDENTIALS_FULL_URI is not set), none from the instance "
                      "(%.120s)",
                      by_option ? "" : "$AWS_ACCESS_KEY_ID and $AWS_SECRET_ACCESS_KEY, none in ",
                      diag_printable(span_of(profile->name), &shown), profile->credentials_file,
                      profile->config_file, instance->text);
}

bool credentials_find(struct credentials *credentials, const struct profile *profile,
                      bool by_option, struct reason *reason)
{
    *credentials = (struct credentials){0};
    if (!by_option && (variable("AWS_ACCESS_KEY_ID") || variable("AWS_SECRET_ACCESS_KEY"))) {
        credentials->source = CREDENTIALS_ENVIRONMENT;
        return from_environment(credentials, reason);
    }
    const char *other = other_way(profile);
    if (other != NULL &&
        (strcmp(other, "role_arn") == 0 || profile->setting[PROFILE_ACCESS_KEY] == NULL)) {
        struct printable shown;
        const char *name = diag_printable(span_of(profile->name), &shown);
        return reason_set(reason,
                          "profile '%s' gets its credentials by %s, which is the AWS CLI's "
                          "alone: eval \"$(aws configure export-credentials --profile '%s' "
                          "--format env)\" first",
                          name, other, name);
    }
    if (profile->setting[PROFILE_ACCESS_KEY] != NULL ||
        profile->setting[PROFILE_SECRET_KEY] != NULL) {
        bool set = from_profile(credentials, profile, reason);
        credentials->source = CREDENTIALS_PROFILE;
        return set;
    }
    if (metadata_has_container())
        return metadata_container(credentials, reason);
    struct reason instance;
    return metadata_instance(credentials, &instance) ||
           found_none(profile, by_option, &instance, reason);
}

int64_t credentials_renewal(const struct credentials *credentials, int64_t now)
{
    if (credentials->expires == INT64_MAX)
        return INT64_MAX;
    int64_t quarter = (credentials->expires - now) / 4;
    return credentials->expires - (quarter < RENEW_BEFORE ? quarter : RENEW_BEFORE);
}

bool credentials_equal(const struct credentials *a, const struct credentials *b)
{
    return strcmp(a->access_key, b->access_key) == 0 && strcmp(a->secret_key, b->secret_key) == 0 &&
           (a->token == NULL ? b->token == NULL
                             : b->token != NULL && strcmp(a->token, b->token) == 0);
}

const char *credentials_region(const struct profile *profile)
{
    const char *region = variable("AWS_REGION");
    if (region == NULL)
        region = variable("AWS_DEFAULT_REGION");
    return region != NULL ? region : profile->setting[PROFILE_REGION];
}
