/* html: text and numbers as parts of an HTML page.
 *
 * Source: the WHATWG HTML standard, sections 13.1.2 and 13.2.3.5: what is not allowed in a page
 * (control characters, noncharacters, bytes that are not UTF-8) becomes U+FFFD.
 */
#ifndef HTML_H
#define HTML_H

#include "base/out.h"

#include <stdint.h>

/* Writes formatted markup, at most 1,023 bytes; it must not contain text from events. */
void html_format(struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes text from events, as the content of an element. */
void html_text(struct out *out, struct span text);

/* The same, as the content of an attribute between double quotes. */
void html_attribute(struct out *out, struct span text);

/* Writes text from events as the content of an element, isolated from the direction of the
 * surrounding text if its own may differ. */
void html_name(struct out *out, struct span text);

/* The same; an email address may be broken after its @ if space is short. */
void html_address(struct out *out, struct span text);

/* Writes a number with commas: 1,234,567. */
void html_number(struct out *out, uint64_t number);

#endif
