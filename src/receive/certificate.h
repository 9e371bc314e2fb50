/* certificate: the server's certificate, and who may sign the clients'; both can be renewed while
 * it runs. */
#ifndef CERTIFICATE_H
#define CERTIFICATE_H

#include "base/diag.h"

#include <microhttpd.h>

/* TLS 1.2 and 1.3, and no others (GnuTLS's priority string). */
#define CERTIFICATE_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* Reads the certificate, with its chain, and the key, both in PEM.  From then on new connections
 * get it.  False with a reason: a file cannot be read, or the two do not belong together; what was
 * there before is used on. */
bool certificate_load(const char *certificate_file, const char *key_file, struct reason *reason);

/* Reads the authorities that client certificates must be signed by, in PEM; from then on they count
 * for every request, of older connections too.  *pem is the file's text for MHD, to be freed after
 * the server has ended; pem may be NULL.  False with a reason; those that were there before stay.
 */
bool certificate_load_authorities(const char *file, char **pem, struct reason *reason);

/* The certificate for a handshake, in which a client is not told the authorities' names: a
 * gnutls_certificate_retrieve_function2, for MHD_OPTION_HTTPS_CERT_CALLBACK. */
extern void *const certificate_callback;

/* Whether the connection's client has shown a certificate that an authority has signed, and that is
 * valid now.  Any thread may call it. */
bool certificate_is_valid(struct MHD_Connection *connection);

/* Frees the certificates, after all servers have ended. */
void certificate_free(void);

#endif
