#include "config.h"

#include "receive/certificate.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdlib.h>

enum { CHAIN_MAX = 16 };

/* A certificate with its chain and its key.  Handshakes keep pointers to it, so it is not freed
 * before the end. */
struct identity {
    gnutls_pcert_st chain[CHAIN_MAX];
    unsigned count;
    gnutls_privkey_t key;
    struct identity *older;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct identity *newest;

/* The authorities that may sign clients' certificates.  GnuTLS's own list, which MHD fills, cannot
 * change while it is in use. */
static pthread_rwlock_t authorities_lock = PTHREAD_RWLOCK_INITIALIZER;
static gnutls_x509_trust_list_t authorities;

static void identity_free(struct identity *identity)
{
    for (unsigned i = 0; i < identity->count; i++)
        gnutls_pcert_deinit(&identity->chain[i]);
    if (identity->key != NULL)
        gnutls_privkey_deinit(identity->key);
    free(identity);
}

/* Explains GnuTLS's errors for files of the wrong kind in words about the file. */
static bool fail(struct reason *reason, const char *file, int error)
{
    switch (error) {
    case GNUTLS_E_FILE_ERROR:
        return reason_set(reason, "%s: %s", file,
                          errno != 0 ? strerror(errno) : gnutls_strerror(error));
    case GNUTLS_E_NO_CERTIFICATE_FOUND:
        return reason_set(reason, "%s: holds no certificate in PEM", file);
    case GNUTLS_E_SHORT_MEMORY_BUFFER:
        return reason_set(reason, "%s: holds more than %d certificates", file, CHAIN_MAX);
    case GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE:
        return reason_set(reason, "%s: holds no private key in PEM", file);
    case GNUTLS_E_DECRYPTION_FAILED:
        return reason_set(reason,
                          "%s: the private key has a password; one without is needed: openssl pkey "
                          "-in %s -out NEW",
                          file, file);
    default:
        return reason_set(reason, "%s: GnuTLS: %s", file, gnutls_strerror(error));
    }
}

static bool read_chain(struct identity *identity, const char *file, struct reason *reason)
{
    gnutls_datum_t pem;
    errno = 0;
    int error = gnutls_load_file(file, &pem);
    if (error != 0)
        return fail(reason, file, error);
    unsigned count = CHAIN_MAX;
    error = gnutls_pcert_list_import_x509_raw(identity->chain, &count, &pem, GNUTLS_X509_FMT_PEM,
                                              GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED);
    gnutls_free(pem.data);
    if (error != 0)
        return fail(reason, file, error);
    identity->count = count;
    return true;
}

static bool read_key(struct identity *identity, const char *file, struct reason *reason)
{
    gnutls_datum_t pem;
    errno = 0;
    int error = gnutls_load_file(file, &pem);
    if (error != 0)
        return fail(reason, file, error);
    error = gnutls_privkey_init(&identity->key);
    if (error == 0)
        error = gnutls_privkey_import_x509_raw(identity->key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
    explicit_bzero(pem.data, pem.size);
    gnutls_free(pem.data);
    return error == 0 || fail(reason, file, error);
}

/* Whether the key belongs to the first certificate. */
static bool belong_together(const struct identity *identity)
{
    gnutls_pubkey_t public;
    unsigned char own[64], other[64];
    size_t own_size = sizeof own, other_size = sizeof other;
    if (gnutls_pubkey_init(&public) != 0)
        return false;
    bool same = gnutls_pubkey_import_privkey(public, identity->key, 0, 0) == 0 &&
                gnutls_pubkey_get_key_id(public, GNUTLS_KEYID_USE_SHA256, own, &own_size) == 0 &&
                gnutls_pubkey_get_key_id(identity->chain[0].pubkey, GNUTLS_KEYID_USE_SHA256, other,
                                         &other_size) == 0 &&
                own_size == other_size && memcmp(own, other, own_size) == 0;
    gnutls_pubkey_deinit(public);
    return same;
}

bool certificate_load(const char *certificate_file, const char *key_file, struct reason *reason)
{
    struct identity *identity = calloc(1, sizeof *identity);
    if (identity == NULL)
        return reason_set(reason, "%s", strerror(ENOMEM));
    bool good = read_chain(identity, certificate_file, reason) &&
                read_key(identity, key_file, reason) &&
                (belong_together(identity) ||
                 reason_set(reason, "%s: is not the key of the certificate in %s", key_file,
                            certificate_file));
    if (!good) {
        identity_free(identity);
        return false;
    }
    pthread_mutex_lock(&lock);
    identity->older = newest;
    newest = identity;
    pthread_mutex_unlock(&lock);
    return true;
}

static int retrieve(gnutls_session_t session, const gnutls_datum_t *names, int count,
                    const gnutls_pk_algorithm_t *algorithms, int length, gnutls_pcert_st **chain,
                    unsigned *chain_length, gnutls_privkey_t *key)
{
    (void)names, (void)count, (void)algorithms, (void)length;
    /* The names in MHD's list may be outdated, and a client would choose by them. */
    gnutls_certificate_send_x509_rdn_sequence(session, 1);
    pthread_mutex_lock(&lock);
    struct identity *identity = newest;
    pthread_mutex_unlock(&lock);
    *chain = identity->chain;
    *chain_length = identity->count;
    *key = identity->key;
    return 0;
}

void *const certificate_callback = (void *)retrieve;

bool certificate_load_authorities(const char *file, char **pem, struct reason *reason)
{
    gnutls_datum_t text;
    gnutls_x509_trust_list_t list, old;
    errno = 0;
    int error = gnutls_load_file(file, &text);
    if (error != 0)
        return fail(reason, file, error);
    int count = gnutls_x509_trust_list_init(&list, 0);
    if (count == 0) {
        count = gnutls_x509_trust_list_add_trust_mem(list, &text, NULL, GNUTLS_X509_FMT_PEM, 0, 0);
        if (count > 0 && pem != NULL && (*pem = strndup((char *)text.data, text.size)) == NULL)
            count = GNUTLS_E_MEMORY_ERROR;
        if (count <= 0)
            gnutls_x509_trust_list_deinit(list, 1);
    }
    gnutls_free(text.data);
    if (count <= 0)
        return fail(reason, file, count < 0 ? count : GNUTLS_E_NO_CERTIFICATE_FOUND);
    pthread_rwlock_wrlock(&authorities_lock);
    old = authorities;
    authorities = list;
    pthread_rwlock_unlock(&authorities_lock);
    if (old != NULL)
        gnutls_x509_trust_list_deinit(old, 1);
    return true;
}

/* Whether an authority has signed the chain, which begins with the client's certificate. */
static bool is_trusted(const gnutls_datum_t *der, unsigned count)
{
    gnutls_x509_crt_t chain[CHAIN_MAX];
    unsigned have = 0, status = 0;
    int error = count > 0 && count <= CHAIN_MAX ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
    while (error == 0 && have < count && (error = gnutls_x509_crt_init(&chain[have])) == 0)
        error = gnutls_x509_crt_import(chain[have++], der++, GNUTLS_X509_FMT_DER);
    if (error == 0) {
        pthread_rwlock_rdlock(&authorities_lock);
        error = gnutls_x509_trust_list_verify_crt(authorities, chain, count, 0, &status, NULL);
        pthread_rwlock_unlock(&authorities_lock);
    }
    while (have > 0)
        gnutls_x509_crt_deinit(chain[--have]);
    return error == 0 && status == 0;
}

bool certificate_is_valid(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    unsigned count = 0;
    if (info == NULL || info->tls_session == NULL)
        return false;
    const gnutls_datum_t *der = gnutls_certificate_get_peers(info->tls_session, &count);
    return der != NULL && is_trusted(der, count);
}

void certificate_free(void)
{
    if (authorities != NULL)
        gnutls_x509_trust_list_deinit(authorities, 1);
    authorities = NULL;
    while (newest != NULL) {
        struct identity *older = newest->older;
        identity_free(newest);
        newest = older;
    }
}
