/* openssl_error: what libcrypto says about its last failure, for messages. */
#ifndef OPENSSL_ERROR_H
#define OPENSSL_ERROR_H

/* Its own text; if it has none, that there is not enough memory. */
const char *openssl_error(void);

#endif
