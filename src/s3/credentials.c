#include "config.h"

#include "base/environment.h"
#include "base/secret.h"
#include "s3/credentials.h"

#include <stdio.h>

enum { RENEW_BEFORE = 600 }; /* seconds, as in the AWS CLI */

void credentials_free(struct credentials *credentials)
{
    secret_free(credentials->access_key);
    secret_free(credentials->secret_key);
    secret_free(credentials->token);
    *credentials = (struct credentials){0};
}

/* Whether all characters are visible, so that a header can contain the text. */
static bool is_visible(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text <= 0x20 || *text >= 0x7f)
            return false;
    return true;
}

/* False with a reason. */
static bool check(const char *access_key, const char *secret_key, const char *token,
                  const char *where, struct reason *reason)
{
    if (access_key == NULL || *access_key == '\0')
        return reason_set(reason, "%s: the access key ID is empty", where);
    if (secret_key == NULL || *secret_key == '\0')
        return reason_set(reason, "%s: the secret access key is empty", where);
    /* In a signature the key ID is followed by ':' or '/'. */
    if (!is_visible(access_key) || strpbrk(access_key, ":/") != NULL)
        return reason_set(reason,
                          "%s: the access key ID has a character that it cannot have (a space, a "
                          "control character, ':', '/' or one beyond ASCII)",
                          where);
    if (!is_visible(secret_key) || (token != NULL && !is_visible(token)))
        return reason_set(reason,
                          "%s: the %s has a space, a control character or a character beyond ASCII",
                          where, is_visible(secret_key) ? "session token" : "secret access key");
    return true;
}

bool credentials_set(struct credentials *credentials, const char *access_key,
                     const char *secret_key, const char *token, const char *where,
                     struct reason *reason)
{
    *credentials = (struct credentials){.expires = INT64_MAX};
    if (!check(access_key, secret_key, token, where, reason))
        return false;
    credentials->access_key = strdup(access_key);
    credentials->secret_key = strdup(secret_key);
    credentials->token = token != NULL ? strdup(token) : NULL;
    if (credentials->access_key != NULL && credentials->secret_key != NULL &&
        (token == NULL || credentials->token != NULL))
        return true;
    credentials_free(credentials);
    return reason_set(reason, "there is not enough memory");
}

enum credentials_found credentials_from_environment(struct credentials *credentials,
                                                    struct reason *reason)
{
    const char *access_key = environment_value("AWS_ACCESS_KEY_ID");
    const char *secret_key = environment_value("AWS_SECRET_ACCESS_KEY");
    if (access_key == NULL && secret_key == NULL)
        return CREDENTIALS_NOT_HERE;
    if (access_key == NULL || secret_key == NULL) {
        reason_set(reason, "$%s is set, $%s is not",
                   access_key == NULL ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID",
                   access_key == NULL ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY");
        return CREDENTIALS_WRONG;
    }
    bool set = credentials_set(credentials, access_key, secret_key,
                               environment_value("AWS_SESSION_TOKEN"), "the environment", reason);
    credentials->source = CREDENTIALS_ENVIRONMENT;
    return set ? CREDENTIALS_FOUND : CREDENTIALS_WRONG;
}

/* What the profile has instead of credentials that we can use, among the sources that the AWS CLI
 * tries before keys and after them; NULL: nothing. */
static const char *other_way(const struct profile *profile)
{
    bool has_keys = profile->setting[PROFILE_ACCESS_KEY] != NULL;
    for (int s = PROFILE_ROLE; s < PROFILE_SETTINGS; s++)
        if (profile->setting[s] != NULL && !(s == PROFILE_PROCESS && has_keys))
            return profile_setting_name(s);
    return NULL;
}

enum credentials_found credentials_from_profile(struct credentials *credentials,
                                                const struct profile *profile,
                                                struct reason *reason)
{
    const char *access_key = profile->setting[PROFILE_ACCESS_KEY];
    const char *secret_key = profile->setting[PROFILE_SECRET_KEY];
    const char *other = other_way(profile);
    struct printable shown;
    const char *name = diag_printable(span_of(profile->name), &shown);
    char where[400];
    if (other != NULL && (strcmp(other, "role_arn") == 0 || access_key == NULL)) {
        reason_set(reason,
                   "profile '%s' gets its credentials by %s, which only the AWS CLI can do: run "
                   "eval \"$(aws configure export-credentials --profile '%s' --format env)\" first",
                   name, other, name);
        return CREDENTIALS_WRONG;
    }
    if (access_key == NULL && secret_key == NULL)
        return CREDENTIALS_NOT_HERE;
    snprintf(where, sizeof where, "profile '%s'", name);
    bool set = credentials_set(credentials, access_key, secret_key, profile->setting[PROFILE_TOKEN],
                               where, reason);
    credentials->source = CREDENTIALS_PROFILE;
    return set ? CREDENTIALS_FOUND : CREDENTIALS_WRONG;
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
    const char *region = environment_value("AWS_REGION");
    if (region == NULL)
        region = environment_value("AWS_DEFAULT_REGION");
    return region != NULL ? region : profile->setting[PROFILE_REGION];
}
