/* path_date: the day in the path of an event, for the layouts of layout.h.
 *
 *     USER/jobs/RECIPE/YYYYMMDD/…   TEAM/activity/YYYYMMDD/NAME
 * kind=K/user_id=U/date=YYYY-MM-DD/NAME */
#ifndef PATH_DATE_H
#define PATH_DATE_H

#include "base/span.h"

#include <stdint.h>

/* The beginning of the day in UTC, in seconds since 1970.  The path may also be that of a directory
 * below the day's, or the day's own.  False: the path does not belong to a layout with a day, or
 * there is no such day (month 13). */
bool path_date(struct span path, int64_t *seconds);

#endif
