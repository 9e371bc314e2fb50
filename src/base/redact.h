/* redact: all secrets of a run, and where a text spells one of them.
 *
 * Whatever is added here never reaches a message: diag and reasons look through all their text.
 * A server's answer, a library's error text or an XML document may repeat a secret in another
 * spelling than the one that was sent.  A secret is found
 *   - as it is,
 *   - with any of its bytes percent-encoded in either case, a space as '+', or both twice over,
 *   - with any of them escaped as in JSON (\", \\, \/, \u002f), with any number of backslashes,
 *   - with any of them as an XML entity (&amp; &#38; &#x26;), or as \xNN as diag prints it,
 *   - percent-decoded, where the secret holds percent-encoded bytes,
 *   - in base64, in the standard and in the URL alphabet, also as part of something longer,
 *     such as the "user:password" of basic authentication,
 * and at the end of a text also where only its first six or more bytes are there, because the text
 * was cut. A secret of fewer than four bytes is found only where no letter or digit is beside it.
 */
#ifndef REDACT_H
#define REDACT_H

#include "base/span.h"

/* What is printed in a secret's place. */
#define REDACTED "[secret]"

/* Adds a secret, which is copied; one that is known, or empty, adds nothing.  It stays until the
 * program ends, as an answer may repeat a token that has been renewed since; then it is
 * overwritten.  False: no memory. */
bool redact_add(struct span secret);

/* True if the text spells a secret; *found is then its first one, with all of its spelling. */
bool redact_find(struct span text, struct span *found);

/* Copies the text to `to`, with REDACTED in place of each secret, cut to `size` bytes; returns how
 * many bytes it has there. */
size_t redact_copy(struct span text, char *to, size_t size);

/* Overwrites and forgets all secrets: called when the program ends. */
void redact_clear(void);

#endif
