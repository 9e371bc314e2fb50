/* token: what an OAuth2 token endpoint answers (RFC 6749 sections 5.1 and 5.2).  Functions of the
 * answer's bytes alone.
 */
#ifndef TOKEN_H
#define TOKEN_H

#include "base/diag.h"

#include <stdint.h>

struct token {
    char *text;      /* the caller's for secret_free(); NULL: none */
    int64_t seconds; /* how long it is good for, 1 or more; 0: not told */
};

/* Reads the document that grants a token.  False: it holds no access_token that a header field can
 * carry, or there is no memory; token->text is then NULL. */
bool token_read(struct span document, struct token *token);

/* Appends what the document of an error says, ": error: error_description", to the reason, as far
 * as it is one.  Other text is not appended. */
void token_explain(struct span document, struct reason *reason);

#endif
