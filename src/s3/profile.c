#include "config.h"

#include "s3/profile.h"

#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const setting_name[PROFILE_SETTINGS] = {
    [PROFILE_ACCESS_KEY] = "aws_access_key_id",
    [PROFILE_SECRET_KEY] = "aws_secret_access_key",
    [PROFILE_TOKEN] = "aws_session_token",
    [PROFILE_REGION] = "region",
    [PROFILE_CA_BUNDLE] = "ca_bundle",
    [PROFILE_ROLE] = "role_arn",
    [PROFILE_SSO] = "sso_session",
    [PROFILE_SSO_LEGACY] = "sso_start_url",
    [PROFILE_PROCESS] = "credential_process",
};

const char *profile_setting_name(enum profile_setting setting)
{
    return setting_name[setting];
}

/* The state of reading one file. */
struct reader {
    struct profile *profile;
    const char *file;
    size_t line;
    bool config;      /* section names have the config file's form */
    bool any_section; /* a section has begun */
    bool wanted;      /* the current section is the profile's */
    bool seen;        /* the profile's section was found */
    bool in_value;    /* an option has begun, so its value may continue */
    size_t indent;    /* of the line where it began */
    char **value;     /* its value; NULL: not needed */
    bool set[PROFILE_SETTINGS];
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

static struct span trim(struct span text)
{
    while (text.len > 0 && is_blank(text.at[0])) {
        text.at++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.at[text.len - 1]))
        text.len--;
    return text;
}

static bool malformed(const struct reader *reader, struct reason *reason, const char *what)
{
    return reason_set(reason, "%s:%zu: %s", reader->file, reader->line, what);
}

/* The profile that a section's header names; at == NULL: it is not a profile. */
static struct span section_profile(const struct reader *reader, struct span header)
{
    static const struct span none = {NULL, 0};
    if (!reader->config || span_equal(header, SPAN("default")))
        return header;
    struct span word = SPAN("profile");
    if (header.len <= word.len || memcmp(header.at, word.at, word.len) != 0 ||
        !is_blank(header.at[word.len]))
        return none;
    struct span name = trim(span_between(header.at + word.len, span_end(header)));
    if (name.len >= 2 && (name.at[0] == '"' || name.at[0] == '\'') &&
        name.at[name.len - 1] == name.at[0])
        return (struct span){name.at + 1, name.len - 2};
    for (size_t i = 0; i < name.len; i++)
        if (is_blank(name.at[i]))
            return none;
    return name;
}

static bool begin_section(struct reader *reader, struct span text, struct reason *reason)
{
    const char *close = memrchr(text.at, ']', text.len);
    if (close == NULL || close == text.at + 1)
        return malformed(reader, reason, "a section that is not [NAME]");
    struct span name = section_profile(reader, span_between(text.at + 1, close));
    reader->any_section = true;
    reader->in_value = false;
    reader->wanted = name.at != NULL && span_equal(name, span_of(reader->profile->name));
    if (!reader->wanted)
        return true;
    if (reader->seen)
        return malformed(reader, reason, "this section appears twice");
    reader->seen = reader->profile->found = true;
    return true;
}

/* Credentials belong together: those of the config file do not complete those of the credentials
 * file. */
static void forget_credentials(struct profile *profile)
{
    for (int s = PROFILE_ACCESS_KEY; s <= PROFILE_TOKEN; s++) {
        free(profile->setting[s]);
        profile->setting[s] = NULL;
    }
}

static bool set_value(char **value, struct span text, struct reason *reason)
{
    free(*value);
    *value = strndup(text.at, text.len);
    return *value != NULL || reason_set(reason, "no memory");
}

static bool begin_option(struct reader *reader, struct span text, struct reason *reason)
{
    size_t at = 0;
    while (at < text.len && text.at[at] != '=' && text.at[at] != ':')
        at++;
    struct span name = trim((struct span){text.at, at});
    if (at == text.len || name.len == 0)
        return malformed(reader, reason, "neither [SECTION] nor NAME = VALUE");
    reader->in_value = true;
    reader->value = NULL;
    if (!reader->wanted)
        return true;
    int s = 0;
    while (s < PROFILE_SETTINGS && (strlen(setting_name[s]) != name.len ||
                                    strncasecmp(setting_name[s], name.at, name.len) != 0))
        s++;
    if (s == PROFILE_SETTINGS)
        return true;
    if (reader->set[s])
        return malformed(reader, reason, "this setting appears twice");
    if (!reader->config && s <= PROFILE_TOKEN && !reader->set[PROFILE_ACCESS_KEY] &&
        !reader->set[PROFILE_SECRET_KEY] && !reader->set[PROFILE_TOKEN])
        forget_credentials(reader->profile);
    reader->set[s] = true;
    reader->value = &reader->profile->setting[s];
    return set_value(reader->value, trim(span_between(text.at + at + 1, span_end(text))), reason);
}

/* Continues a value.  One whose first line is empty has nested settings, which are not needed
 * here. */
static bool continue_value(struct reader *reader, struct span text, struct reason *reason)
{
    if (reader->value == NULL || **reader->value == '\0')
        return true;
    char *longer;
    if (asprintf(&longer, "%s\n%.*s", *reader->value, (int)text.len, text.at) < 0)
        return reason_set(reason, "no memory");
    free(*reader->value);
    *reader->value = longer;
    return true;
}

static bool read_line(struct reader *reader, struct span line, struct reason *reason)
{
    struct span text = trim(line);
    if (text.len == 0 || text.at[0] == '#' || text.at[0] == ';')
        return true;
    size_t indent = (size_t)(text.at - line.at);
    if (reader->in_value && indent > reader->indent)
        return continue_value(reader, text, reason);
    reader->indent = indent;
    if (text.at[0] == '[')
        return begin_section(reader, text, reason);
    if (!reader->any_section)
        return malformed(reader, reason, "a setting before the first [SECTION]");
    return begin_option(reader, text, reason);
}

static bool read_file(struct profile *profile, const char *file, bool config, struct reason *reason)
{
    struct reader reader = {.profile = profile, .file = file, .config = config};
    FILE *stream = fopen(file, "re");
    if (stream == NULL)
        return errno == ENOENT || errno == ENOTDIR ||
               reason_set(reason, "%s: %s", file, strerror(errno));
    char *line = NULL;
    size_t size = 0;
    bool right = true;
    errno = 0;
    for (ssize_t len; right && (len = getline(&line, &size, stream)) >= 0;) {
        reader.line++;
        if (memchr(line, '\0', (size_t)len) != NULL)
            right = malformed(&reader, reason, "a NUL character");
        else
            right = read_line(&reader, (struct span){line, (size_t)len}, reason);
    }
    if (right && !feof(stream))
        right = reason_set(reason, "%s: %s", file, strerror(errno));
    if (line != NULL)
        explicit_bzero(line, size);
    free(line);
    fclose(stream);
    return right;
}

/* The name of a file: the variable's value, or the default below the home directory.  "~/" is the
 * home directory in both.  NULL: no memory. */
static char *file_name(const char *variable, const char *standard)
{
    const char *name = getenv(variable), *home = getenv("HOME");
    char *result;
    if (name == NULL || *name == '\0')
        name = standard;
    if (strncmp(name, "~/", 2) != 0)
        return strdup(name);
    if (home == NULL || *home == '\0') {
        const struct passwd *user = getpwuid(getuid());
        home = user != NULL ? user->pw_dir : "/";
    }
    return asprintf(&result, "%s%s", home, name + 1) < 0 ? NULL : result;
}

bool profile_read(struct profile *profile, const char *name, struct reason *reason)
{
    *profile = (struct profile){0};
    if (name == NULL)
        name = getenv("AWS_PROFILE");
    profile->chosen = name != NULL && *name != '\0';
    profile->name = strdup(profile->chosen ? name : "default");
    profile->credentials_file = file_name("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
    profile->config_file = file_name("AWS_CONFIG_FILE", "~/.aws/config");
    if (profile->name == NULL || profile->credentials_file == NULL || profile->config_file == NULL)
        return reason_set(reason, "no memory");
    if (!read_file(profile, profile->config_file, true, reason) ||
        !read_file(profile, profile->credentials_file, false, reason))
        return false;
    for (int s = 0; s < PROFILE_SETTINGS; s++)
        if (profile->setting[s] != NULL && *profile->setting[s] == '\0') {
            free(profile->setting[s]);
            profile->setting[s] = NULL;
        }
    struct printable shown;
    if (profile->chosen && !profile->found)
        return reason_set(reason, "there is no profile '%s' in %s or %s",
                          diag_printable(span_of(profile->name), &shown), profile->credentials_file,
                          profile->config_file);
    return true;
}

void profile_free(struct profile *profile)
{
    for (int s = 0; s < PROFILE_SETTINGS; s++) {
        if (profile->setting[s] != NULL)
            explicit_bzero(profile->setting[s], strlen(profile->setting[s]));
        free(profile->setting[s]);
    }
    free(profile->name);
    free(profile->credentials_file);
    free(profile->config_file);
    *profile = (struct profile){0};
}
