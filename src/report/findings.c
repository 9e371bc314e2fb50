#include "config.h"

#include "base/hash.h"
#include "report/findings.h"

static const struct {
    const char *title, *description;
} texts[FINDINGS] = {
    [FINDING_FAILED_LOGINS] = {"Failed sign-ins", "Attempts to sign in that failed."},
    [FINDING_TWO_FACTOR_OFF] = {"Two-factor authentication switched off",
                                "Members who disabled it, or looked at its recovery codes."},
    [FINDING_UNUSUAL_HOURS] = {"Sign-ins at unusual hours",
                               "Between 22:00 and 06:00, or on a Saturday or Sunday."},
    [FINDING_MEMBERS] = {"Members, invitations and roles",
                         "Changes of who may do what: invitations, members, roles, delegated "
                         "administrators."},
    [FINDING_KEYS] = {"Keys, tokens and passwords",
                      "Credentials that were made, refreshed or changed."},
    [FINDING_STREAMING] = {"Audit log streaming",
                           "Changes of the stream that this page may come from."},
    [FINDING_DELETIONS] = {"Deletions", "Assets that were deleted or removed."},
};

const char *finding_title(enum finding finding)
{
    return texts[finding].title;
}

const char *finding_description(enum finding finding)
{
    return texts[finding].description;
}

static bool has(struct span text, const char *word)
{
    return memmem(text.at, text.len, word, strlen(word)) != NULL;
}

/* Whether the local time is at night or at a weekend. */
static bool is_unusual(int64_t local)
{
    int64_t day = local / 86400 - (local % 86400 < 0);
    int64_t hour = (local - day * 86400) / 3600;
    int64_t weekday = ((day + 3) % 7 + 7) % 7; /* Monday is 0 */
    return hour < 6 || hour >= 22 || weekday >= 5;
}

/* The findings of activities with that name and category. */
static unsigned find(const struct catalogue *catalogue, struct span event, int category)
{
    unsigned found = 0;
    int team = catalogue_category(catalogue, SPAN("Team"));
    bool two_factor = has(event, "two_factor") || has(event, "2fa") || has(event, "otp_");
    if (has(event, "login_failed") || has(event, "failed_login"))
        found |= 1u << FINDING_FAILED_LOGINS;
    if (two_factor && (has(event, "disabled") || has(event, "removed") || has(event, "recovery")))
        found |= 1u << FINDING_TWO_FACTOR_OFF;
    if (span_equal(event, SPAN("user_login")))
        found |= 1u << FINDING_UNUSUAL_HOURS;
    if ((category >= 0 && category == team) || has(event, "membership") ||
        has(event, "invitation") || has(event, "role") || has(event, "privilege_group") ||
        has(event, "delegated_admin"))
        found |= 1u << FINDING_MEMBERS;
    if (has(event, "api_key") || has(event, "token") || has(event, "password") ||
        has(event, "access_profile"))
        found |= 1u << FINDING_KEYS;
    if (has(event, "audit_log"))
        found |= 1u << FINDING_STREAMING;
    if (has(event, "deleted") || has(event, "_removed"))
        found |= 1u << FINDING_DELETIONS;
    return found;
}

struct findings_name findings_of_name(struct findings_known *known,
                                      const struct catalogue *catalogue, struct span event)
{
    size_t at = hash_span(event) % FINDINGS_KNOWN;
    if (event.len > 0 && known->entry[at].len == event.len &&
        memcmp(known->entry[at].text, event.at, event.len) == 0)
        return known->entry[at].name;
    int category = catalogue_event_category(catalogue, event);
    struct findings_name name = {category, find(catalogue, event, category)};
    if (event.len <= FINDINGS_NAME) {
        memcpy(known->entry[at].text, event.at, event.len);
        known->entry[at].len = event.len;
        known->entry[at].name = name;
    }
    return name;
}

unsigned findings_at(const struct findings_name *name, struct span type, int64_t local)
{
    const unsigned unusual = 1u << FINDING_UNUSUAL_HOURS;
    unsigned found = name->found;
    if ((found & unusual) != 0 && !is_unusual(local))
        found &= ~unusual;
    if (span_equal(type, SPAN("AuditLogReplicationSettings")))
        found |= 1u << FINDING_STREAMING;
    return found;
}
