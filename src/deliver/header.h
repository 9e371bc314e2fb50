/* header: HTTP header fields that a user gives. */
#ifndef HEADER_H
#define HEADER_H

#include "base/diag.h"

#include <curl/curl.h>

/* Appends "Name: value" to the list, or with @FILE every line of the file that is one, so that a
 * secret needs not stand in argv.  False: reason says what is wrong; the field's value is not in
 * it. */
bool header_add(struct curl_slist **list, const char *argument, struct reason *reason);

#endif
