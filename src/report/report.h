/* report: the contents of the activity page, gathered from events one by one.
 *
 * Memory grows with the number of different members, recipes, assets and hours, up to fixed limits,
 * and not with the events. */
#ifndef REPORT_H
#define REPORT_H

#include "event/facet.h"
#include "event/zone.h"
#include "report/calendar.h"
#include "report/findings.h"
#include "report/leaders.h"
#include "report/rows.h"

enum report_ranking {
    RANKING_MEMBERS,
    RANKING_RECIPES, /* failures are jobs that failed */
    RANKING_ASSETS,
    RANKING_ACTIVITIES,
    RANKING_CUSTOMERS,
    RANKINGS
};

enum {
    REPORT_LEADERS = 10,     /* rows of a ranking */
    REPORT_FINDING_ROWS = 5, /* the newest activities that are shown for a finding */
};

struct report {
    /* Set by the caller. */
    const char *title;
    enum zone zone;
    const char *zone_name;
    struct timestamp now;
    char *const *input; /* the names of the files; none: standard input */
    size_t inputs;
    const struct catalogue *catalogue;

    uint64_t events, activities, succeeded, failed, other_jobs;
    uint64_t not_events; /* records that were rejected */
    bool incomplete;     /* some of the input could not be read; set by the caller at the end */
    struct calendar calendar;
    struct leaders ranking[RANKINGS];
    uint64_t finding[FINDINGS];
    struct rows finding_rows[FINDINGS];
    struct findings_known findings_known;
    struct rows rows;

    struct facet_reader reader;
    int64_t offset_hour; /* the hour of that offset */
    int32_t offset;
};

/* Begins; `rows` is how many activities the table has at most. */
void report_begin(struct report *report, size_t rows);

/* The fields inside object members that event_read() must find. */
uint64_t report_inner(void);

/* Adds an event of a known kind.  False with a reason: it has no time, is ambiguous, or there is no
 * memory. */
bool report_event(struct report *report, const struct event *event, struct reason *reason);

/* Called after the last event, before the report is written. */
void report_finish(struct report *report);

const char *report_ranking_title(enum report_ranking ranking);

void report_free(struct report *report);

#endif
