/* header: HTTP header fields: their grammar (RFC 9110 section 5), and lists of them for libcurl.
 *
 * A field may contain a secret, so a list is overwritten before it is freed. */
#ifndef HEADER_H
#define HEADER_H

#include "base/diag.h"

#include <curl/curl.h>

/* Whether the text is a token of RFC 9110 section 5.6.2, as a field's name must be. */
bool header_is_name(struct span name);

/* Whether a field's value or a whole field has no line break or other control character except
 * tabs, so that one field cannot become two. */
bool header_is_value(struct span value);

/* Appends "name: prefix value" with no space between prefix and value; prefix may be NULL.  False:
 * no memory. */
bool header_add(struct curl_slist **list, const char *name, const char *prefix, const char *value);

/* Appends all fields of `more`.  False: no memory. */
bool header_add_all(struct curl_slist **list, const struct curl_slist *more);

/* Appends "Name: value" as the user wrote it, or with @FILE each nonempty line of the file, so that
 * a secret need not be in argv; the values are added to redact's secrets.  False: reason says what
 * is wrong, without the field's value. */
bool header_add_argument(struct curl_slist **list, const char *argument, struct reason *reason);

/* Overwrites and frees the list, which may be NULL. */
void header_free(struct curl_slist *list);

#endif
