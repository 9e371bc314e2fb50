/* charts: the page's charts, as inline SVG, each with its numbers as text beside it. */
#ifndef CHARTS_H
#define CHARTS_H

#include "base/out.h"
#include "report/calendar.h"

/* Two bar charts over time: jobs (succeeded and failed, stacked) and activities; and a table with
 * the same numbers.  False: no memory. */
bool charts_timeline(const struct calendar *calendar, struct out *out);

/* The days of the week by hours, in five shades, and a table with the same numbers. */
void charts_week(const struct calendar *calendar, struct out *out);

/* A bar whose length is count / most. */
void charts_bar(uint64_t count, uint64_t most, struct out *out);

#endif
