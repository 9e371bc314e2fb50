#include "config.h"

#include "base/write_all.h"
#include "seal/openssl_error.h"
#include "seal/seal_key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { KEY_FILE_MAX = 64 * 1024 };

struct passphrase {
    const char *text; /* NULL: none was given */
    bool asked;
};

/* Never asks at the terminal. */
static int give_passphrase(char *buffer, int size, int writing, void *context)
{
    struct passphrase *passphrase = context;
    (void)writing;
    passphrase->asked = true;
    if (passphrase->text == NULL || strlen(passphrase->text) > (size_t)size)
        return -1;
    memcpy(buffer, passphrase->text, strlen(passphrase->text));
    return (int)strlen(passphrase->text);
}

static bool set_fingerprint(struct seal_key *key)
{
    unsigned char digest[DIGEST_SIZE], *der = NULL;
    int len = i2d_PUBKEY(key->pkey, &der);
    if (len < 0)
        return false;
    digest_sha256((struct span){(const char *)der, (size_t)len}, digest);
    OPENSSL_free(der);
    digest_hex(digest, DIGEST_SIZE, key->fingerprint);
    key->fingerprint[DIGEST_HEX] = '\0';
    return true;
}

static bool is_p256(const EVP_PKEY *pkey)
{
    char group[64];
    size_t len;
    return EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group,
                                          &len) == 1 &&
           (strcmp(group, "prime256v1") == 0 || strcmp(group, "P-256") == 0);
}

/* Takes the key that was read.  False with a reason: keys of its kind are not supported. */
static bool take_key(struct seal_key *key, const char *file, struct reason *reason)
{
    switch (EVP_PKEY_get_base_id(key->pkey)) {
    case EVP_PKEY_ED25519:
        break;
    case EVP_PKEY_EC:
        if (is_p256(key->pkey))
            break;
        return reason_set(reason, "%s: an EC key on another curve than P-256", file);
    case EVP_PKEY_RSA:
        if (EVP_PKEY_get_bits(key->pkey) >= 2048 && EVP_PKEY_get_bits(key->pkey) <= 16384)
            break;
        return reason_set(reason, "%s: an RSA key of %d bits; 2,048 to 16,384 are possible", file,
                          EVP_PKEY_get_bits(key->pkey));
    default:
        return reason_set(reason, "%s: not an Ed25519, ECDSA P-256 or RSA key", file);
    }
    return set_fingerprint(key) || reason_set(reason, "%s: %s", file, strerror(ENOMEM));
}

/* The file in memory, which is overwritten when it is freed.  NULL with a reason, and errno ENOENT
 * if there is no file. */
static BIO *open_key(const char *file, struct reason *reason)
{
    FILE *from = fopen(file, "re");
    if (from == NULL) {
        reason_set(reason, "%s: %s", file, strerror(errno));
        return NULL;
    }
    static char buffer[KEY_FILE_MAX + 1];
    errno = 0;
    size_t len = fread(buffer, 1, sizeof buffer, from);
    int error = ferror(from) ? errno : 0;
    fclose(from);
    BIO *bio = NULL;
    if (error != 0)
        reason_set(reason, "%s: %s", file, strerror(error));
    else if (len > KEY_FILE_MAX)
        reason_set(reason, "%s: larger than a key in PEM can be", file);
    else if ((bio = BIO_new(BIO_s_secmem())) == NULL || BIO_write(bio, buffer, (int)len) < 0)
        reason_set(reason, "%s: %s", file, strerror(ENOMEM));
    OPENSSL_cleanse(buffer, sizeof buffer);
    return bio;
}

bool seal_key_private(struct seal_key *key, const char *file, const char *passphrase,
                      struct reason *reason)
{
    struct passphrase given = {.text = passphrase};
    *key = (struct seal_key){0};
    BIO *bio = open_key(file, reason);
    if (bio == NULL && errno == ENOENT)
        reason_append(reason, SPAN("; --new-key=FILE makes a key"));
    if (bio == NULL)
        return false;
    key->pkey = PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, &given);
    BIO_free(bio);
    ERR_clear_error();
    if (key->pkey != NULL)
        return take_key(key, file, reason);
    if (!given.asked)
        return reason_set(reason, "%s: not a private key in PEM (--new-key=FILE makes one)", file);
    if (passphrase == NULL)
        return reason_set(reason,
                          "%s: the key is encrypted; give --passphrase-file or "
                          "$AUDIT_SEAL_PASSPHRASE",
                          file);
    return reason_set(reason, "%s: the passphrase is wrong, or the key is damaged", file);
}

bool seal_key_public(struct seal_key *key, const char *file, struct reason *reason)
{
    struct passphrase none = {0};
    *key = (struct seal_key){0};
    BIO *bio = open_key(file, reason);
    if (bio == NULL)
        return false;
    key->pkey = PEM_read_bio_PUBKEY(bio, NULL, give_passphrase, &none);
    BIO_free(bio);
    ERR_clear_error();
    if (key->pkey != NULL)
        return take_key(key, file, reason);
    return reason_set(reason, "%s: not a public key in PEM (openssl pkey -pubout writes one)",
                      file);
}

/* Ed25519 digests by itself. */
static const EVP_MD *digest_of(const struct seal_key *key)
{
    return EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
}

bool seal_key_sign(const struct seal_key *key, struct span bytes,
                   unsigned char signature[SEAL_SIGNATURE_MAX], size_t *len, struct reason *reason)
{
    *len = SEAL_SIGNATURE_MAX;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good =
        context != NULL &&
        EVP_DigestSignInit(context, NULL, digest_of(key), NULL, key->pkey) == 1 &&
        EVP_DigestSign(context, signature, len, (const unsigned char *)bytes.at, bytes.len) == 1;
    EVP_MD_CTX_free(context);
    if (good)
        return true;
    reason_set(reason, "the seal cannot be signed: %s", openssl_error());
    ERR_clear_error();
    return false;
}

static enum seal_signature verify_once(const struct seal_key *key, struct span bytes,
                                       struct span signature)
{
    enum seal_signature result = SEAL_SIGNATURE_UNKNOWN;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context != NULL &&
        EVP_DigestVerifyInit(context, NULL, digest_of(key), NULL, key->pkey) == 1)
        result = EVP_DigestVerify(context, (const unsigned char *)signature.at, signature.len,
                                  (const unsigned char *)bytes.at, bytes.len) == 1
                     ? SEAL_SIGNATURE_GOOD
                     : SEAL_SIGNATURE_BAD;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return result;
}

enum seal_signature seal_key_verify(const struct seal_key *key, struct span bytes,
                                    struct span signature)
{
    /* EVP_DigestVerify() does not distinguish a wrong signature from a failed allocation, so a
     * wrong one is checked again: if memory is still short, the second check ends before that
     * call. */
    enum seal_signature result = verify_once(key, bytes, signature);
    return result == SEAL_SIGNATURE_GOOD ? result : verify_once(key, bytes, signature);
}

static bool is_there(const char *file, struct reason *reason)
{
    return reason_set(reason, "%s: %s, and no key is overwritten; take another name", file,
                      strerror(EEXIST));
}

/* Creates the file and writes the memory BIO's contents.  False with a reason. */
static bool create(const char *file, mode_t mode, BIO *bio, struct reason *reason)
{
    char *bytes;
    long len = BIO_get_mem_data(bio, &bytes);
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0 && errno == EEXIST)
        return is_there(file, reason);
    if (fd < 0)
        return reason_set(reason, "%s: %s", file, strerror(errno));
    bool good = write_all(fd, (struct span){bytes, (size_t)len}) && fsync(fd) == 0;
    good = close(fd) == 0 && good;
    if (good)
        return true;
    reason_set(reason, "%s: %s", file, strerror(errno != 0 ? errno : ENOSPC));
    unlink(file);
    return false;
}

/* The key as two memory BIOs in PEM.  False: no memory. */
static bool write_pem(EVP_PKEY *pkey, const char *passphrase, BIO *secret, BIO *public)
{
    return PEM_write_bio_PKCS8PrivateKey(
               secret, pkey, passphrase != NULL ? EVP_aes_256_cbc() : NULL, passphrase,
               passphrase != NULL ? (int)strlen(passphrase) : 0, NULL, NULL) == 1 &&
           PEM_write_bio_PUBKEY(public, pkey) == 1;
}

bool seal_key_make(struct seal_key *key, const char *file, const char *passphrase,
                   struct reason *reason)
{
    char name[4096];
    *key = (struct seal_key){0};
    if ((size_t)snprintf(name, sizeof name, "%s.pub", file) >= sizeof name)
        return reason_set(reason, "%s: %s", file, strerror(ENAMETOOLONG));
    if (access(name, F_OK) == 0)
        return is_there(name, reason);
    BIO *secret = BIO_new(BIO_s_secmem()), *public = BIO_new(BIO_s_mem());
    key->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    bool good = secret != NULL && public != NULL && key->pkey != NULL && set_fingerprint(key) &&
                write_pem(key->pkey, passphrase, secret, public);
    if (!good)
        reason_set(reason, "the key cannot be made: %s", strerror(ENOMEM));
    good = good && create(file, 0600, secret, reason);
    if (good && !create(name, 0644, public, reason)) {
        unlink(file);
        good = false;
    }
    BIO_free(secret);
    BIO_free(public);
    ERR_clear_error();
    return good;
}

void seal_key_free(struct seal_key *key)
{
    EVP_PKEY_free(key->pkey);
    key->pkey = NULL;
}
