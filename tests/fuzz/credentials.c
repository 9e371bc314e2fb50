/* credentials: the AWS tools' files of credentials, documents with temporary ones, and the keys of
 * objects.
 *
 * Input: a text.  A profile is read in the same way with another section after it and with other
 * line ends; credentials have only bytes that a header can contain; a URL has the key's bytes, and
 * nothing that a proxy would resolve. */
#include "config.h"

#include "fuzz.h"

#include <ctype.h>
#include <stdio.h>

/* The files are this text. */
static struct span config_text, credentials_text;

static FILE *open_text(const char *name, const char *mode)
{
    struct span text = strcmp(name, "config") == 0 ? config_text : credentials_text;
    (void)mode;
    if (text.len == 0)
        return fopen("/dev/null", "r");
    return fmemopen((char *)text.at, text.len, "r");
}

#define fopen open_text
#include "../../src/s3/profile.c"
#undef fopen

#include "../../src/s3/metadata.c"
#include "s3/s3_address.h"

static bool same_profile(const struct profile *a, const struct profile *b)
{
    for (int s = 0; s < PROFILE_SETTINGS; s++)
        if ((a->setting[s] == NULL) != (b->setting[s] == NULL) ||
            (a->setting[s] != NULL && strcmp(a->setting[s], b->setting[s]) != 0))
            return false;
    return a->found == b->found;
}

/* The text with a carriage return before every line feed, and a section after it; to be freed. */
static struct span changed(struct span text)
{
    static const char section[] = "\r\n[somebody-elses]\r\nregion = elsewhere\r\n";
    char *bytes = fuzz_memory(2 * text.len + sizeof section), *to = bytes;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '\n')
            *to++ = '\r';
        *to++ = text.at[i];
    }
    memcpy(to, section, sizeof section - 1);
    return span_between(bytes, to + sizeof section - 1);
}

static void check_profile(struct span text)
{
    struct profile plain, other;
    struct reason reason = {""};
    struct span more = changed(text);
    config_text = credentials_text = text;
    bool good = profile_read(&plain, "p", &reason);
    HOLDS(good || reason.text[0] != '\0');
    config_text = credentials_text = more;
    HOLDS(profile_read(&other, "p", &reason) == good);
    if (good) {
        HOLDS(same_profile(&plain, &other));
        for (int s = 0; s < PROFILE_SETTINGS; s++)
            HOLDS(plain.setting[s] == NULL || plain.setting[s][0] != '\0');
    }
    profile_free(&other);
    profile_free(&plain);
    free((char *)more.at);
}

static void check_document(struct span text)
{
    struct credentials credentials = {0};
    struct reason reason = {""};
    if (read_document(&credentials, text, "here", &reason)) {
        HOLDS(credentials.access_key[0] != '\0' && credentials.secret_key[0] != '\0');
        for (const char *at = credentials.access_key; *at != '\0'; at++)
            HOLDS(*at > 0x20 && *at < 0x7f);
        for (const char *at = credentials.token; at != NULL && *at != '\0'; at++)
            HOLDS(*at > 0x20 && *at < 0x7f);
    } else {
        HOLDS(reason.text[0] != '\0');
    }
    credentials_free(&credentials);
}

static int hex_value(char digit)
{
    return digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

static void check_key(struct span key)
{
    static struct s3_address address;
    struct reason reason = {""};
    char url[S3_URL_MAX];
    if (address.base[0] == '\0')
        HOLDS(s3_address_set(&address, "https://s3.example.com", "us-east-1", "bucket",
                             S3_ADDRESSING_PATH, &reason));
    if (!s3_key_check(&key, 1, &reason))
        return;
    HOLDS(key.len >= 1 && key.len <= S3_KEY_MAX);
    s3_address_url(&address, key, url);
    HOLDS(strlen(url) < S3_URL_MAX && strncmp(url, address.base, strlen(address.base)) == 0);
    const char *at = url + strlen(address.base);
    HOLDS(strstr(url, "/../") == NULL && strstr(url, "/./") == NULL);
    for (size_t i = 0; i < key.len; i++) {
        char byte = *at++;
        if (byte == '%') {
            byte = (char)(hex_value(at[0]) * 16 + hex_value(at[1]));
            at += 2;
        } else {
            HOLDS(isalnum((unsigned char)byte) || strchr("-._~/", byte) != NULL);
        }
        HOLDS(byte == key.at[i]);
    }
    HOLDS(*at == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = {(const char *)data, size};
    setenv("AWS_CONFIG_FILE", "config", 1);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "credentials", 1);
    check_profile(text);
    check_document(text);
    check_key(text);
    return 0;
}
