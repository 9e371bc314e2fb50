/* report_html: the activity page: one HTML file that loads nothing from anywhere.
 *
 * Its Content-Security-Policy allows only its own style and script, by their SHA-256.  The script
 * runs the table's filters; everything else works without it. */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include "base/out.h"
#include "report/report.h"

/* Writes the page.  False: no memory. */
bool report_html(const struct report *report, struct out *out);

#endif
