#include "config.h"

#include "seal/openssl_error.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

const char *openssl_error(void)
{
    const char *why = ERR_reason_error_string(ERR_peek_last_error());
    return why != NULL ? why : strerror(ENOMEM);
}
