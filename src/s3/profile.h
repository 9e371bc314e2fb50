/* profile: a profile of the shared files in which the AWS tools keep settings and credentials.
 *
 * $AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials) has [NAME] sections, $AWS_CONFIG_FILE
 * (~/.aws/config) has [profile NAME] and [default].  They are read as the AWS CLI reads them, with
 * Python's configparser: names in any case, '=' or ':', comments on lines of their own, and a line
 * with deeper indentation continues the value above.  If a setting is in both files, the
 * credentials file's counts. */
#ifndef PROFILE_H
#define PROFILE_H

#include "base/diag.h"

enum profile_setting {
    PROFILE_ACCESS_KEY, /* aws_access_key_id */
    PROFILE_SECRET_KEY, /* aws_secret_access_key */
    PROFILE_TOKEN,      /* aws_session_token */
    PROFILE_REGION,     /* region */
    PROFILE_CA_BUNDLE,  /* ca_bundle */
    /* Sources of credentials that only the AWS CLI supports; they are read to say so. */
    PROFILE_ROLE,       /* role_arn */
    PROFILE_SSO,        /* sso_session */
    PROFILE_SSO_LEGACY, /* sso_start_url */
    PROFILE_PROCESS,    /* credential_process */
    PROFILE_SETTINGS
};

struct profile {
    char *name;
    bool chosen; /* by --profile or $AWS_PROFILE, so it must exist */
    bool found;  /* in either file */
    char *credentials_file, *config_file;
    char *setting[PROFILE_SETTINGS]; /* NULL if it is not set or empty */
};

/* Reads the profile `name`; if that is NULL, $AWS_PROFILE, else "default".  Missing files count as
 * empty.  False with a reason: a file cannot be read or is malformed, a requested profile does not
 * exist, or there is no memory.  Call profile_free() in either case. */
bool profile_read(struct profile *profile, const char *name, struct reason *reason);

/* The setting's name in the files: "role_arn". */
const char *profile_setting_name(enum profile_setting setting);

void profile_free(struct profile *profile);

#endif
