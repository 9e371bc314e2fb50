/* report_json: the numbers behind the page, as one JSON text. */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include "base/out.h"
#include "report/report.h"

/* Writes the report as one line of JSON, without the rows of the table.  False: no memory; out
 * keeps write errors. */
bool report_json(const struct report *report, struct out *out);

#endif
