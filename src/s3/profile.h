/* profile: a profile of the shared files that the AWS tools keep settings and credentials in.
 *
 * $AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials) has [NAME] sections, $AWS_CONFIG_FILE
 * (~/.aws/config) has [profile NAME] and [default].  They are read as the AWS CLI reads them, which
 * is by Python's configparser: names in any case, '=' or ':', comments on lines of their own, lines
 * that are indented more deeply go on with the value above.  What both files say, the credentials
 * file decides.
 */
#ifndef PROFILE_H
#define PROFILE_H

#include "base/diag.h"

enum profile_setting {
    PROFILE_ACCESS_KEY, /* aws_access_key_id */
    PROFILE_SECRET_KEY, /* aws_secret_access_key */
    PROFILE_TOKEN,      /* aws_session_token */
    PROFILE_REGION,     /* region */
    PROFILE_CA_BUNDLE,  /* ca_bundle */
    /* Ways to credentials that are the AWS CLI's alone; they are known to say so. */
    PROFILE_ROLE,       /* role_arn */
    PROFILE_SSO,        /* sso_session */
    PROFILE_SSO_LEGACY, /* sso_start_url */
    PROFILE_PROCESS,    /* credential_process */
    PROFILE_SETTINGS
};

struct profile {
    char *name;
    bool chosen; /* by --profile or $AWS_PROFILE, so that it must be there */
    bool found;  /* in either file */
    char *credentials_file, *config_file;
    char *setting[PROFILE_SETTINGS]; /* NULL where it is not set or empty */
};

/* Reads a profile: `name`, where it is NULL $AWS_PROFILE, else "default".  Files that are not there
 * are empty.  False with a reason: a file cannot be read or is malformed, a profile that was asked
 * for is not there, or no memory.  profile_free() in either case. */
bool profile_read(struct profile *profile, const char *name, struct reason *reason);

/* The setting's name in the files: "role_arn". */
const char *profile_setting_name(enum profile_setting setting);

void profile_free(struct profile *profile);

#endif
