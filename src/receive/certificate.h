/* certificate: the server's certificate, and the authorities for clients' certificates; both can be
 * renewed at run time. */
#ifndef CERTIFICATE_H
#define CERTIFICATE_H

#include "base/diag.h"

#include <microhttpd.h>

/* TLS 1.2 and 1.3, and no others (GnuTLS's priority string). */
#define CERTIFICATE_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* Reads the certificate with its chain, and the key, both in PEM.  New connections use them from
 * then on.  False with a reason: a file cannot be read, or the two do not belong together; the
 * previous ones stay in use. */
bool certificate_load(const char *certificate_file, const char *key_file, struct reason *reason);

/* Reads the authorities for client certificates, in PEM; they apply to every later request, of
 * older connections too.  *pem is the file's text for MHD, to be freed after the server has ended;
 * pem may be NULL.  False with a reason; the previous authorities stay in use. */
bool certificate_load_authorities(const char *file, char **pem, struct reason *reason);

/* Returns the certificate for a handshake, without sending the authorities' names to the client: a
 * gnutls_certificate_retrieve_function2, for MHD_OPTION_HTTPS_CERT_CALLBACK. */
extern void *const certificate_callback;

/* Whether the connection's client has sent a certificate that an authority has signed, and that is
 * valid now.  Any thread may call it. */
bool certificate_is_valid(struct MHD_Connection *connection);

/* Frees the certificates, after all servers have ended. */
void certificate_free(void);

#endif
