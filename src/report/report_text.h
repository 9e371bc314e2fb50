/* report_text: the report for a terminal, with bars that fit its width. */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include "base/out.h"
#include "report/report.h"

/* Writes the report for that many columns.  The process's locale determines the width of names and
 * the characters of bars.  False: no memory. */
bool report_text(const struct report *report, unsigned columns, struct out *out);

#endif
