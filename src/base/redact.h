/* redact: all secrets of a run, and the search for them in texts.
 *
 * A secret that is added here never appears in a message: diag and reasons search all their text.
 * A server's response, a library's error text or an XML document may contain a secret in another
 * spelling than the one that was sent.  A secret is found
 *   - literally,
 *   - with any of its bytes percent-encoded in either case, a space as '+', or both twice over,
 *   - with any of them escaped as in JSON (\", \\, \/, \u002f), with any number of backslashes,
 *   - with any of them as an XML entity (&amp; &#38; &#x26;), or as \xNN as diag prints it,
 *   - percent-decoded, if the secret contains percent-encoded bytes,
 *   - in base64, in the standard and in the URL alphabet, also as part of something longer,
 *     such as the "user:password" of basic authentication,
 * and at the end of a text also if only its first six or more bytes are there, because the text was
 * truncated.  A secret of fewer than four bytes is found only if no letter or digit is beside
 * it. */
#ifndef REDACT_H
#define REDACT_H

#include "base/span.h"

/* The replacement for a secret. */
#define REDACTED "[secret]"

/* Adds a secret, which is copied; a known or empty one adds nothing.  It stays until the program
 * ends, because a response may contain a token that has been renewed since; then it is overwritten.
 * False: no memory. */
bool redact_add(struct span secret);

/* True if the text contains a secret; *found is then the first one, with its whole spelling. */
bool redact_find(struct span text, struct span *found);

/* Copies the text to `to`, with REDACTED in place of each secret, truncated to `size` bytes;
 * returns the number of bytes. */
size_t redact_copy(struct span text, char *to, size_t size);

/* Overwrites and removes all secrets, at the end of the program. */
void redact_clear(void);

#endif
