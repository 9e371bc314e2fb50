/* openssl_error: what libcrypto says about its last failure, for messages. */
#ifndef OPENSSL_ERROR_H
#define OPENSSL_ERROR_H

/* Its own words; that memory lacks, where it has none. */
const char *openssl_error(void);

#endif
