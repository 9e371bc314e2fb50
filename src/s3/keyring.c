#include "config.h"

#include "base/redact.h"
#include "s3/keyring.h"

#include <time.h>

enum { RENEW_AGAIN = 60 }; /* seconds until a renewal that failed is tried again */

bool keyring_begin(struct keyring *keyring, const char *profile, struct reason *reason)
{
    *keyring = (struct keyring){.by_option = profile != NULL, .renew_at = INT64_MAX};
    return profile_read(&keyring->profile, profile, reason);
}

void keyring_end(struct keyring *keyring)
{
    metadata_end(&keyring->metadata);
    credentials_free(&keyring->credentials);
    profile_free(&keyring->profile);
}

/* Replaces the current credentials, and keeps the new ones out of messages. */
static void adopt(struct keyring *keyring, const struct credentials *found)
{
    (void)redact_add(span_of(found->secret_key));
    (void)redact_add(span_of(found->token != NULL ? found->token : ""));
    credentials_free(&keyring->credentials);
    keyring->credentials = *found;
    keyring->generation++;
    keyring->renew_at = credentials_renewal(found, time(NULL));
    keyring->refused = false;
    keyring->failed.text[0] = '\0';
}

static void say_expired(const struct keyring *keyring, struct reason *reason)
{
    static const char *const source[] = {
        [CREDENTIALS_ENVIRONMENT] = "in the environment",
        [CREDENTIALS_PROFILE] = "in the profile",
        [CREDENTIALS_CONTAINER] = "from the container",
        [CREDENTIALS_INSTANCE] = "from the instance",
    };
    reason_set(reason, "the credentials %s have expired", source[keyring->credentials.source]);
}

/* The same, unless the store has refused these before.  False with a reason. */
static bool adopt_others(struct keyring *keyring, struct credentials *found, struct reason *reason)
{
    if (keyring->refused && credentials_equal(&keyring->credentials, found)) {
        credentials_free(found);
        say_expired(keyring, reason);
        return false;
    }
    adopt(keyring, found);
    return true;
}

/* Reads the sources that need no request. */
static enum credentials_found find_at_hand(const struct keyring *keyring, struct credentials *found,
                                           struct reason *reason)
{
    enum credentials_found result = CREDENTIALS_NOT_HERE;
    *found = (struct credentials){0};
    if (!keyring->by_option)
        result = credentials_from_environment(found, reason);
    if (result == CREDENTIALS_NOT_HERE)
        result = credentials_from_profile(found, &keyring->profile, reason);
    return result;
}

/* Writes the list of sources without credentials. */
static bool found_none(const struct keyring *keyring, const char *instance, struct reason *reason)
{
    const struct profile *profile = &keyring->profile;
    struct printable shown;
    return reason_set(
        reason,
        "no credentials: none in %sprofile '%s' of %s and %s, none from a container "
        "($AWS_CONTAINER_CREDENTIALS_FULL_URI is not set), none from the instance (%.120s)",
        keyring->by_option ? "" : "$AWS_ACCESS_KEY_ID and $AWS_SECRET_ACCESS_KEY, none in ",
        diag_printable(span_of(profile->name), &shown), profile->credentials_file,
        profile->config_file, instance);
}

bool keyring_find(struct keyring *keyring, struct reason *reason)
{
    struct credentials found;
    struct reason instance;
    switch (find_at_hand(keyring, &found, reason)) {
    case CREDENTIALS_FOUND:
        adopt(keyring, &found);
        return true;
    case CREDENTIALS_WRONG:
        return false;
    default:
        return metadata_has_container() || metadata_may_ask_instance(&instance) ||
               found_none(keyring, instance.text, reason);
    }
}

/* Handles the result of a request to the machine. */
static void answered(void *context, struct credentials *found, const struct reason *reason)
{
    struct keyring *keyring = context;
    if (found != NULL)
        adopt_others(keyring, found, &keyring->failed);
    else if (metadata_has_container())
        keyring->failed = *reason;
    else
        found_none(keyring, reason->text, &keyring->failed);
}

/* Starts a request to the machine.  False with a reason. */
static bool ask(struct keyring *keyring, struct http *http, struct reason *reason)
{
    struct reason instance;
    if (metadata_has_container())
        return metadata_ask_container(&keyring->metadata, http, answered, keyring, reason);
    if (metadata_may_ask_instance(&instance) &&
        metadata_ask_instance(&keyring->metadata, http, answered, keyring, &instance))
        return true;
    return found_none(keyring, instance.text, reason);
}

/* Whether requests can be signed with the current credentials. */
static bool is_usable(const struct keyring *keyring, int64_t now)
{
    return keyring->generation > 0 && !keyring->refused && now < keyring->credentials.expires;
}

/* Fetches credentials, because there are none or because it is time. */
static void fetch(struct keyring *keyring, struct http *http)
{
    struct credentials found;
    switch (find_at_hand(keyring, &found, &keyring->failed)) {
    case CREDENTIALS_FOUND:
        adopt_others(keyring, &found, &keyring->failed);
        break;
    case CREDENTIALS_WRONG:
        break;
    default:
        ask(keyring, http, &keyring->failed);
    }
}

enum keyring_state keyring_ready(struct keyring *keyring, struct http *http, struct reason *reason)
{
    int64_t now = time(NULL);
    bool asking = keyring->metadata.step != METADATA_IDLE;
    if (is_usable(keyring, now) && now < keyring->renew_at)
        return KEYRING_READY;
    if (!asking && keyring->failed.text[0] == '\0') {
        fetch(keyring, http);
        asking = keyring->metadata.step != METADATA_IDLE;
    }
    if (is_usable(keyring, now)) {
        if (!asking && keyring->failed.text[0] != '\0') {
            keyring->renew_at = now + RENEW_AGAIN;
            keyring->failed.text[0] = '\0';
        }
        return KEYRING_READY;
    }
    if (asking)
        return KEYRING_WAITS;
    *reason = keyring->failed;
    return KEYRING_EMPTY;
}

bool keyring_expired(struct keyring *keyring, uint64_t generation, struct reason *reason)
{
    struct profile profile;
    struct credentials found;
    if (generation != keyring->generation || keyring->refused)
        return true;
    keyring->refused = true;
    /* The files may have changed. */
    if (!profile_read(&profile, keyring->profile.chosen ? keyring->profile.name : NULL, reason)) {
        profile_free(&profile);
        return false;
    }
    profile_free(&keyring->profile);
    keyring->profile = profile;
    switch (find_at_hand(keyring, &found, reason)) {
    case CREDENTIALS_FOUND:
        return adopt_others(keyring, &found, reason);
    case CREDENTIALS_WRONG:
        return false;
    default:
        return true;
    }
}
