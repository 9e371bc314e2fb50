#include "config.h"

#include "report/report.h"

#include <errno.h>

void report_begin(struct report *report, size_t rows)
{
    rows_begin(&report->rows, rows);
    for (enum finding f = 0; f < FINDINGS; f++)
        rows_begin(&report->finding_rows[f], REPORT_FINDING_ROWS);
    report->offset_hour = INT64_MIN;
}

uint64_t report_inner(void)
{
    return facet_inner(FACET_USER) | facet_inner(FACET_CUSTOMER) | facet_inner(FACET_TYPE) |
           facet_inner(FACET_ASSET);
}

const char *report_ranking_title(enum report_ranking ranking)
{
    static const char *const title[RANKINGS] = {
        [RANKING_MEMBERS] = "Members",     [RANKING_RECIPES] = "Recipes",
        [RANKING_ASSETS] = "Assets",       [RANKING_ACTIVITIES] = "Activities",
        [RANKING_CUSTOMERS] = "Customers",
    };
    return title[ranking];
}

/* The time in the report's zone, in local seconds.  Zones change at full hours and quarters of
 * them, so the offset is looked up once per quarter. */
static int64_t local_time(struct report *report, int64_t seconds)
{
    enum { QUARTER = 900 };
    int64_t quarter = seconds / QUARTER;
    if (quarter != report->offset_hour) {
        report->offset_hour = quarter;
        report->offset = zone_offset(report->zone, seconds);
    }
    return seconds + report->offset;
}

/* The facts of an activity, as a row of the table. */
struct facts {
    struct span value[ROW_FIELDS];
    struct span asset_id, asset_name;
};

static bool count(struct report *report, enum report_ranking ranking, struct span key,
                  struct span label, bool failed)
{
    return key.len == 0 || leaders_count(&report->ranking[ranking], key, label, failed);
}

/* TYPE:ID, as in audit-select's --asset, in the buffer. */
static struct span asset_key(const struct facts *facts, char *buffer, size_t size)
{
    struct span type = facts->value[ROW_TYPE];
    struct span which = facts->asset_id.len > 0 ? facts->asset_id : facts->asset_name;
    if (type.len > size / 2)
        type.len = size / 2;
    if (which.len > size / 2 - 1)
        which.len = size / 2 - 1;
    size_t len = 0;
    if (type.len > 0)
        memcpy(buffer, type.at, type.len);
    len = type.len;
    if (which.len > 0) {
        buffer[len++] = ':';
        memcpy(buffer + len, which.at, which.len);
    }
    return (struct span){buffer, len + which.len};
}

static bool add_job(struct report *report, const struct event *event, int64_t local,
                    struct reason *reason)
{
    struct facet_reader *reader = &report->reader;
    struct span status, recipe, name, customer;
    if (!facet_first(reader, event, FACET_STATUS, &status, reason) ||
        !facet_identity(reader, event, FACET_ASSET, &recipe, &name, reason) ||
        !facet_first(reader, event, FACET_CUSTOMER, &customer, reason))
        return false;
    bool succeeded = span_equal(status, SPAN("succeeded"));
    bool failed = span_equal(status, SPAN("failed"));
    enum calendar_series series = failed ? CALENDAR_FAILED : CALENDAR_SUCCEEDED;
    report->succeeded += succeeded;
    report->failed += failed;
    report->other_jobs += !succeeded && !failed;
    return (count(report, RANKING_RECIPES, recipe, name, failed) &&
            count(report, RANKING_CUSTOMERS, customer, SPAN(""), false) &&
            ((!succeeded && !failed) || calendar_count(&report->calendar, local, series))) ||
           reason_set(reason, "%s", strerror(ENOMEM));
}

/* Adds the activity to the rows if it is one of the newest so far.  False: no memory. */
static bool keep_row(struct rows *rows, struct span json, const struct facts *facts,
                     int64_t seconds, int64_t local)
{
    bool kept = true;
    if (rows_would_keep(rows, seconds)) {
        struct row row = {.seconds = seconds, .local = local, .json = json};
        memcpy(row.field, facts->value, sizeof row.field);
        kept = rows_add(rows, &row);
    }
    rows->seen++;
    return kept;
}

static bool keep_rows(struct report *report, const struct event *event, const struct facts *facts,
                      int64_t seconds, int64_t local, unsigned findings)
{
    bool kept = keep_row(&report->rows, event->text, facts, seconds, local);
    for (; findings != 0; findings &= findings - 1) {
        int f = __builtin_ctz(findings);
        report->finding[f]++;
        kept &= keep_row(&report->finding_rows[f], SPAN(""), facts, seconds, local);
    }
    return kept;
}

/* Reads who did what to which asset, for whom. */
static bool read_facts(struct report *report, const struct event *event, struct facts *facts,
                       struct reason *reason)
{
    struct facet_reader *reader = &report->reader;
    struct span *value = facts->value;
    return facet_first(reader, event, FACET_USER, &value[ROW_USER], reason) &&
           facet_first(reader, event, FACET_EVENT, &value[ROW_EVENT], reason) &&
           facet_first(reader, event, FACET_TYPE, &value[ROW_TYPE], reason) &&
           facet_identity(reader, event, FACET_ASSET, &facts->asset_id, &facts->asset_name,
                          reason) &&
           facet_first(reader, event, FACET_CUSTOMER, &value[ROW_CUSTOMER], reason);
}

static bool add_activity(struct report *report, const struct event *event, int64_t seconds,
                         int64_t local, struct reason *reason)
{
    struct facts facts;
    char key[2 * LEADERS_TEXT];
    if (!read_facts(report, event, &facts, reason))
        return false;
    const struct span *value = facts.value;
    facts.value[ROW_ASSET] = facts.asset_name.len > 0 ? facts.asset_name : facts.asset_id;
    const struct catalogue *catalogue = report->catalogue;
    struct findings_name known =
        findings_of_name(&report->findings_known, catalogue, value[ROW_EVENT]);
    int category = known.category;
    if (category < 0)
        category = catalogue_type_category(catalogue, value[ROW_TYPE]);
    facts.value[ROW_CATEGORY] = category >= 0 ? span_of(catalogue->category[category]) : SPAN("");
    report->activities++;
    bool counted = count(report, RANKING_ACTIVITIES, value[ROW_EVENT], SPAN(""), false) &&
                   count(report, RANKING_ASSETS, asset_key(&facts, key, sizeof key),
                         facts.asset_name, false) &&
                   count(report, RANKING_MEMBERS, value[ROW_USER], SPAN(""), false) &&
                   count(report, RANKING_CUSTOMERS, value[ROW_CUSTOMER], SPAN(""), false) &&
                   calendar_count(&report->calendar, local, CALENDAR_ACTIVITIES) &&
                   keep_rows(report, event, &facts, seconds, local,
                             findings_at(&known, value[ROW_TYPE], local));
    return counted || reason_set(reason, "%s", strerror(ENOMEM));
}

bool report_event(struct report *report, const struct event *event, struct reason *reason)
{
    struct timestamp time;
    if (!event_time(event, &time, reason))
        return false;
    int64_t local = local_time(report, time.seconds);
    bool added = event->kind == EVENT_JOB
                     ? add_job(report, event, local, reason)
                     : add_activity(report, event, time.seconds, local, reason);
    report->events += added;
    return added;
}

void report_finish(struct report *report)
{
    rows_sort(&report->rows);
    for (enum finding f = 0; f < FINDINGS; f++)
        rows_sort(&report->finding_rows[f]);
}

void report_free(struct report *report)
{
    calendar_free(&report->calendar);
    for (enum report_ranking r = 0; r < RANKINGS; r++)
        leaders_free(&report->ranking[r]);
    for (enum finding f = 0; f < FINDINGS; f++)
        rows_free(&report->finding_rows[f]);
    rows_free(&report->rows);
    facet_free(&report->reader);
}
