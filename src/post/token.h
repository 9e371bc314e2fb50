/* token: what an OAuth2 token endpoint returns (RFC 6749 sections 5.1 and 5.2).  Functions of the
 * response's bytes alone. */
#ifndef TOKEN_H
#define TOKEN_H

#include "base/diag.h"

#include <stdint.h>

struct token {
    char *text;      /* the caller frees it with secret_free(); NULL: none */
    int64_t seconds; /* how long it is valid, 1 or more; 0: not stated */
};

/* Reads the document that grants a token.  False: it has no access_token that fits into a header
 * field, or there is no memory; token->text is then NULL. */
bool token_read(struct span document, struct token *token);

/* Appends the error of the document, ": error: error_description", to the reason, if it is in that
 * form.  Other text is not appended. */
void token_explain(struct span document, struct reason *reason);

#endif
